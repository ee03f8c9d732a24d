// The page of `acdepth rate`: shows one image, sends one vote. What comes next is the server's word.
"use strict";

const KEPT = "acdepth-rater"; // so that a page loaded again goes on under the same name
const $ = (id) => document.getElementById(id);
const views = ["start", "rate", "result"];
let state = null;
let shownAt = null; // when the present image was shown; null while there is none to vote on
let busy = false;

const kept = {
  get: () => {
    let told = null;
    try { told = localStorage.getItem(KEPT); } catch { return null; }
    try { return JSON.parse(told); } catch { return { rater: told, secret: "" }; } // of before there were secrets
  },
  set: (rater, secret) => {
    try { localStorage.setItem(KEPT, JSON.stringify({ rater, secret })); } catch { /* a private window keeps nothing */ }
  },
  drop: () => { try { localStorage.removeItem(KEPT); } catch { /* as above */ } },
};

function show(view) {
  for (const name of views) $(name).hidden = name !== view;
}

function say(text) {
  for (const id of ["start-message", "message", "result-message"]) $(id).textContent = text;
}

async function ask(address, body) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    throw new Error("The server does not answer, so this was not saved. Is acdepth rate still running?");
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.status === 409) return null;
  if (!answer.ok) throw new Error(content.error ? `Not accepted: ${content.error}.` : "Not accepted.");
  return content;
}

// One request at a time; whatever goes wrong is said, and the same image stays.
async function turn(address, body) {
  if (busy) return;
  busy = true;
  try {
    let next = await ask(address, body);
    const outdated = next === null;
    if (outdated) next = await ask("/join", { rater: body.rater, secret: body.secret });
    say(outdated ? "This image had been voted on, or the server was started anew; that vote was not counted." : "");
    take(next);
  } catch (error) {
    say(error.message);
  } finally {
    busy = false;
    for (const button of document.querySelectorAll(".answer")) button.classList.remove("pressed");
  }
}

function take(next) {
  state = next;
  kept.set(state.rater, state.secret);
  for (const button of document.querySelectorAll(".undo")) button.disabled = state.done === 0;
  if (state.result) return finish();
  show("rate");
  $("place").textContent = `Image ${state.done + 1} of ${state.of}`;
  $("progress").max = state.of;
  $("progress").value = state.done;
  $("rater").textContent = state.rater;
  const [present, ahead] = state.images;
  const image = $("image");
  shownAt = null;
  image.classList.add("waiting");
  image.alt = `Image ${state.done + 1} of ${state.of}, real or generated`;
  image.onload = () => { image.classList.remove("waiting"); shownAt = performance.now(); };
  image.onerror = () => say("The image cannot be loaded. Is acdepth rate still running? Then load this page again.");
  image.src = `/image/${present}`;
  if (ahead) new Image().src = `/image/${ahead}`;
}

function vote(answer) {
  if (busy || shownAt === null || $("rate").hidden) return;
  $(answer).classList.add("pressed");
  const seconds = (performance.now() - shownAt) / 1000;
  turn("/vote", { rater: state.rater, secret: state.secret, image: state.images[0], vote: answer, seconds });
}

function undo() {
  if (state && state.done > 0) turn("/undo", { rater: state.rater, secret: state.secret });
}

function leave() {
  kept.drop();
  state = null;
  $("name").value = "";
  say("");
  begin();
}

function begin() {
  show("start");
  $("name").focus();
}

const percent = (part) => `${Math.round(100 * part)} %`;

function element(name, style, text = "") {
  const made = document.createElement(name);
  made.className = style;
  made.textContent = text;
  return made;
}

function measure(name, found, guess) {
  const row = element("div", "");
  const words = element("p", "", name);
  words.append(element("small", "", `${found.count} of ${found.of}; ${Math.round(100 * found.low)} to ${percent(found.high)}`));
  const track = element("div", "track");
  track.setAttribute("aria-hidden", "true");
  const [reach, dot] = ["range", "dot"].map((style) => element("i", style));
  reach.style.left = `${100 * found.low}%`;
  reach.style.width = `${100 * (found.high - found.low)}%`;
  dot.style.left = `${100 * found.part}%`;
  track.append(...(guess ? [element("i", "guess")] : []), reach, dot);
  row.append(words, track, element("b", "", percent(found.part)));
  return row;
}

function measures(tally) {
  const ends = element("span", "ends");
  ends.setAttribute("aria-hidden", "true");
  ends.append(...["0", "50", "100 %"].map((text) => element("span", "", text)));
  return [
    measure("Right", tally.right, true),
    measure("Generated, called real", tally.generated_called_real),
    measure("Real, called real", tally.real_called_real),
    ends,
  ];
}

function verdict(right) {
  if (right.low > 0.5) return "You can tell them apart";
  if (right.high < 0.5) return "You tell them apart, the wrong way round";
  return "No better than guessing, as far as these votes show";
}

function finish() {
  shownAt = null;
  const { own, together } = state.result;
  $("verdict").textContent = verdict(own.right);
  $("thanks").textContent = `Thank you, ${state.rater}: all ${state.of} votes are saved, at ${own.seconds.toFixed(1)} s each (median).`;
  $("own").replaceChildren(...measures(own));
  $("together").hidden = !together;
  if (together) {
    $("together").querySelector("h2").textContent = `All ${together.raters} raters so far`;
    $("together").querySelector("div").replaceChildren(...measures(together));
  }
  show("result");
  $("verdict").tabIndex = -1;
  $("verdict").focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !$("start").hidden) return;
  const key = event.key.toLowerCase();
  if (key === "r") vote("real");
  else if (key === "g") vote("generated");
  else if (key === "u" || key === "backspace") undo();
  else return;
  event.preventDefault();
});
$("real").addEventListener("click", () => vote("real"));
$("generated").addEventListener("click", () => vote("generated"));
for (const button of document.querySelectorAll(".undo")) button.addEventListener("click", undo);
$("leave").addEventListener("click", leave);
$("next").addEventListener("click", leave);
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  turn("/join", { rater: $("name").value });
});

fetch("/about").then((answer) => answer.json()).then((about) => { $("size").textContent = about.of; });
const before = kept.get();
if (before) turn("/join", { rater: before.rater, secret: before.secret }).then(() => { if (!state) begin(); });
else begin();
