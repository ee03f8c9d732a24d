// Reads depth under the pointer and moves the slider between two pictures, of every .ac-view on the page.
(() => {
  const read = new WeakMap();

  function bytes(text) {
    const raw = atob(text);
    const found = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
    return found;
  }

  function depthOf(view) {
    const data = view.dataset;
    if (read.get(view)?.text !== data.depth) { // the page may keep the element and change what it holds
      read.set(view, {
        text: data.depth,
        depth: new Uint16Array(bytes(data.depth).buffer),
        sure: data.sure ? bytes(data.sure) : null,
        columns: Number(data.columns),
      });
    }
    return read.get(view);
  }

  function tell(event) {
    const frame = event.target.closest && event.target.closest(".ac-frame");
    document.querySelectorAll(".ac-read").forEach((one) => {
      if (!frame || !frame.contains(one)) one.hidden = true;
    });
    if (!frame) return;
    const view = frame.closest(".ac-view");
    const { depth, sure, columns } = depthOf(view);
    const box = frame.getBoundingClientRect();
    const x = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.999999);
    const y = Math.min(Math.max((event.clientY - box.top) / box.height, 0), 0.999999);
    const rows = depth.length / columns;
    const at = Math.floor(y * rows) * columns + Math.floor(x * columns);
    const metres = depth[at] / Number(view.dataset.factor);
    const output = frame.querySelector(".ac-read");
    let text = `${metres.toFixed(metres < 10 ? 2 : 1)} ${view.dataset.unit}`;
    if (sure) text += `, confidence ${(sure[at] / 255).toFixed(2)}`;
    output.textContent = text;
    output.dataset.x = Math.floor(x * Number(view.dataset.width));
    output.dataset.y = Math.floor(y * Number(view.dataset.height));
    output.dataset.metres = metres;
    output.hidden = false;
    output.style.left = `${100 * x}%`;
    output.style.top = `${100 * y}%`;
    output.classList.toggle("ac-flip", x > 0.6);
    output.classList.toggle("ac-below", y < 0.15);
  }

  function split(view, percent) {
    view.style.setProperty("--split", `${percent}%`);
  }

  document.addEventListener("pointermove", tell, { passive: true });
  document.addEventListener("pointerdown", tell, { passive: true });
  document.addEventListener("input", (event) => {
    if (event.target.classList.contains("ac-split")) split(event.target.closest(".ac-view"), event.target.value);
  });
})();
