// Draws the points of every .ac-cloud on the page in metres, over a grid on the road.
// What pages hold is cloud.bundle.js, this file with three.js: make viewer
import {
  BufferAttribute, BufferGeometry, CanvasTexture, Color, Group, LineBasicMaterial, LineSegments,
  PerspectiveCamera, Points, Scene, ShaderMaterial, Sprite, SpriteMaterial, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";

const PIVOT = 12; // metres ahead of the camera, around which it turns
const ASIDE = 15; // metres of grid to either side
const LOOKS = { behind: [-6, 5, 9], camera: [0, 0, 0.01], above: [0, 45, -PIVOT + 0.01] };

// Each point is as large as the part of the picture that it stands for.
const VERTEX = `
attribute vec3 colour;
uniform float spread, high;
varying vec3 shown;
void main() {
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  gl_Position = projectionMatrix * seen;
  gl_PointSize = clamp(1.4 * spread * abs(position.z) * high / -seen.z, 1.5, 24.0);
  shown = colour;
}`;
const FRAGMENT = "varying vec3 shown; void main() { gl_FragColor = vec4(shown, 1.0); }";

function bytes(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

// Pages have y down and z forward, as cameras; three.js has y up and looks along -z.
function pointsOf(data) {
  const told = new Int16Array(bytes(data.places).buffer);
  const step = Number(data.step);
  const places = new Float32Array(told.length);
  for (let i = 0; i < told.length; i++) places[i] = told[i] * (i % 3 ? -step : step);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(places, 3));
  geometry.setAttribute("colour", new BufferAttribute(bytes(data.colours), 3, true));
  const uniforms = { spread: { value: Number(data.spread) }, high: { value: 1 } };
  const material = new ShaderMaterial({ uniforms, vertexShader: VERTEX, fragmentShader: FRAGMENT });
  const points = new Points(geometry, material);
  points.frustumCulled = false;
  return points;
}

function lines(places, colour, opacity) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(places.flat(2)), 3));
  return new LineSegments(geometry, new LineBasicMaterial({ color: colour, transparent: true, opacity }));
}

function label(text, place) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [160, 64];
  const pen = canvas.getContext("2d");
  pen.font = "600 40px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 8;
  pen.strokeStyle = "#12161a";
  pen.strokeText(text, 80, 32);
  pen.fillStyle = "#fff";
  pen.fillText(text, 80, 32);
  const material = new SpriteMaterial({ map: new CanvasTexture(canvas), depthTest: false, sizeAttenuation: false });
  const sprite = new Sprite(material);
  sprite.scale.set(0.1, 0.04, 1);
  sprite.position.copy(place);
  return sprite;
}

// A plane n . X = h of the camera's frame: right, ahead and up on it, and the point below the camera.
function ground(data) {
  const [x, y, z, h] = data.ground.split(",").map(Number);
  const up = new Vector3(-x, y, z);
  const foot = up.clone().multiplyScalar(-h);
  const ahead = new Vector3(0, 0, -1).addScaledVector(up, up.z).normalize();
  return { up, foot, ahead, right: new Vector3().crossVectors(ahead, up) };
}

function gridOf(data) {
  const { foot, ahead, right } = ground(data);
  const far = 10 * Math.ceil(Number(data.far) / 10);
  const at = (across, along) => foot.clone().addScaledVector(right, across).addScaledVector(ahead, along);
  const line = (a, b) => [a.toArray(), b.toArray()];
  const fine = [], strong = [];
  for (let along = 0; along <= far; along++)
    (along % 5 ? fine : strong).push(line(at(-ASIDE, along), at(ASIDE, along)));
  for (let across = -ASIDE; across <= ASIDE; across++)
    (across % 5 ? fine : strong).push(line(at(across, 0), at(across, far)));
  const group = new Group();
  group.add(lines(fine, 0x8fb3d9, 0.16), lines(strong, 0x8fb3d9, 0.5));
  for (let along = 10; along <= far; along += 10)
    group.add(label(`${along} ${data.unit}`, at(ASIDE + 1, along)));
  return group;
}

// Where the camera stands and what it sees: a pyramid of 1 m.
function pyramid(data) {
  const [x, y] = data.view.split(",").map(Number); // half width and half height at 1 m
  const corners = [[-x, -y, -1], [x, -y, -1], [x, y, -1], [-x, y, -1]];
  const edges = corners.map((one, i) => [one, corners[(i + 1) % 4]]);
  return lines([...edges, ...corners.map((one) => [[0, 0, 0], one])], 0xffc14d, 0.9);
}

class Shown {
  constructor(cloud) {
    this.cloud = cloud;
    this.canvas = cloud.querySelector("canvas");
    this.said = cloud.querySelector("output");
    this.renderer = new WebGLRenderer({ canvas: this.canvas, antialias: true });
    this.renderer.setPixelRatio(Math.min(2, window.devicePixelRatio));
    this.eye = new PerspectiveCamera(55, 1, 0.05, 2000);
    this.controls = new OrbitControls(this.eye, this.canvas);
    this.controls.maxDistance = 200;
    this.controls.addEventListener("change", () => this.again());
    this.canvas.addEventListener("pointermove", (event) => event.buttons || this.tell(event));
    this.canvas.addEventListener("pointerdown", (event) => this.tell(event)); // fingers do not hover
    this.canvas.addEventListener("pointerleave", () => { this.said.hidden = true; });
    for (const button of cloud.querySelectorAll("button[data-look]"))
      button.addEventListener("click", () => this.look(button.dataset.look));
    this.look("behind");
    this.fill();
    new ResizeObserver(() => this.again()).observe(this.canvas);
  }

  fill() {
    const data = this.cloud.dataset;
    this.scene?.traverse((one) => {
      one.geometry?.dispose();
      one.material?.map?.dispose();
      one.material?.dispose();
    });
    this.scene = new Scene();
    this.scene.background = new Color(0x12161a);
    this.points = pointsOf(data);
    this.scene.add(this.points, pyramid(data));
    if (data.ground) this.scene.add(gridOf(data));
    this.again();
  }

  look(name) {
    this.eye.position.set(...LOOKS[name]);
    this.controls.target.set(0, 0, name === "camera" ? -1 : -PIVOT);
    this.controls.update();
    this.again();
  }

  again() {
    if (!this.waiting) requestAnimationFrame(() => this.draw());
    this.waiting = true;
  }

  draw() {
    this.waiting = false;
    if (!this.cloud.isConnected) return this.renderer.dispose();
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!width || !height) return;
    this.renderer.setSize(width, height, false);
    this.eye.aspect = width / height;
    this.eye.updateProjectionMatrix();
    const half = Math.tan((this.eye.fov * Math.PI) / 360);
    this.points.material.uniforms.high.value = (this.canvas.height / 2) / half;
    this.renderer.render(this.scene, this.eye);
    this.cloud.dataset.drawn = String(Number(this.cloud.dataset.drawn || 0) + 1);
  }

  // Metres of the nearest point that is drawn under the pointer.
  tell(event) {
    const box = this.canvas.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    const all = this.points.geometry.attributes.position.array;
    const seen = this.eye.projectionMatrix.clone().multiply(this.eye.matrixWorldInverse).elements;
    const { spread, high } = this.points.material.uniforms;
    const size = (1.4 * spread.value * high.value * box.height) / this.canvas.height; // as VERTEX has it
    let best = Infinity, found = -1;
    for (let i = 0; i < all.length; i += 3) {
      const [x, y, z] = [all[i], all[i + 1], all[i + 2]];
      const w = seen[3] * x + seen[7] * y + seen[11] * z + seen[15];
      if (w < 0.05 || w > best) continue;
      const u = ((seen[0] * x + seen[4] * y + seen[8] * z + seen[12]) / w + 1) * box.width / 2;
      const v = (1 - (seen[1] * x + seen[5] * y + seen[9] * z + seen[13]) / w) * box.height / 2;
      const half = Math.min(24, Math.max(3, (-size * z) / w)) / 2;
      if (Math.abs(u - left) < half && Math.abs(v - top) < half) [best, found] = [w, i];
    }
    this.said.hidden = found < 0;
    if (found < 0) return;
    const place = new Vector3(all[found], all[found + 1], all[found + 2]);
    const { unit } = this.cloud.dataset;
    let text = `${(-place.z).toFixed(2)} ${unit} ahead, ${Math.abs(place.x).toFixed(2)} ${place.x < 0 ? "left" : "right"}`;
    if (this.cloud.dataset.ground) {
      const { up, foot } = ground(this.cloud.dataset);
      text += `, ${place.sub(foot).dot(up).toFixed(2)} above the grid`;
    }
    this.said.textContent = text;
  }
}

const started = new WeakMap();

function start(cloud) {
  if (started.has(cloud)) return;
  try {
    started.set(cloud, new Shown(cloud));
  } catch {
    started.set(cloud, { fill() {} });
    cloud.querySelector("p").textContent = "This browser draws nothing in space: WebGL is off. A GLB file shows the same.";
  }
}

function look() {
  document.querySelectorAll(".ac-cloud").forEach(start);
}

// The page may put up a new element, or keep one and change what it holds.
new MutationObserver((records) => {
  look();
  for (const { type, target } of records) if (type === "attributes") started.get(target)?.fill();
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-places"] });
look();
