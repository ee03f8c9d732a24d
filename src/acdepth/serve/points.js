// Draws the points of every .ac-cloud on the page: dragging turns them, a wheel or two fingers bring them nearer.
(() => {
  const PIVOT = 15; // metres ahead of the camera, around which it turns

  function bytes(text) {
    const raw = atob(text);
    const found = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
    return found;
  }

  const started = new WeakMap(); // by element, what draws it anew

  function start(cloud) {
    let text, places, colours;
    const canvas = cloud.querySelector("canvas");
    const pen = canvas.getContext("2d");
    const view = { yaw: 0.35, pitch: 0.28, away: 24 };
    const fingers = new Map();
    let waiting = false;

    function draw() {
      waiting = false;
      if (!cloud.isConnected) return;
      if (text !== cloud.dataset.places) {
        text = cloud.dataset.places;
        places = new Int16Array(bytes(text).buffer); // centimetres
        colours = bytes(cloud.dataset.colours);
      }
      const width = (canvas.width = Math.max(1, Math.round(canvas.clientWidth)));
      const height = (canvas.height = Math.max(1, Math.round(canvas.clientHeight)));
      const picture = pen.createImageData(width, height);
      const pixels = new Uint32Array(picture.data.buffer).fill(0xff1a1612);
      const nearest = new Float32Array(width * height).fill(Infinity);
      const focal = 0.8 * width;
      const [sy, cy, sp, cp] = [Math.sin(view.yaw), Math.cos(view.yaw), Math.sin(view.pitch), Math.cos(view.pitch)];
      for (let i = 0; i < places.length; i += 3) {
        const x = places[i] / 100;
        const y = places[i + 1] / 100;
        const z = places[i + 2] / 100 - PIVOT;
        const across = cy * x + sy * z;
        const along = cy * z - sy * x;
        const depth = cp * along + sp * y + view.away;
        if (depth < 0.5) continue;
        const column = Math.round(width / 2 + (focal * across) / depth);
        const row = Math.round(height / 2 + (focal * (cp * y - sp * along)) / depth);
        const side = Math.min(5, Math.max(2, Math.round((0.07 * focal) / depth)));
        const colour = 0xff000000 | (colours[i + 2] << 16) | (colours[i + 1] << 8) | colours[i];
        for (let v = Math.max(0, row); v < Math.min(height, row + side); v++)
          for (let u = Math.max(0, column); u < Math.min(width, column + side); u++)
            if (depth < nearest[v * width + u]) {
              nearest[v * width + u] = depth;
              pixels[v * width + u] = colour;
            }
      }
      pen.putImageData(picture, 0, 0);
      cloud.dataset.drawn = String(Number(cloud.dataset.drawn || 0) + 1);
    }

    function again() {
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    }

    function nearer(factor) {
      view.away = Math.min(120, Math.max(2, view.away * factor));
      again();
    }

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      if (fingers.size === 1) {
        view.yaw += (event.clientX - before.clientX) / 150;
        view.pitch = Math.min(1.5, Math.max(-0.3, view.pitch + (event.clientY - before.clientY) / 150));
        again();
      } else {
        const other = [...fingers.values()].find((one) => one.pointerId !== event.pointerId);
        const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
        nearer(apart(before) / Math.max(1, apart(event)));
      }
      fingers.set(event.pointerId, event);
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      nearer(Math.exp(event.deltaY / 700));
    }, { passive: false });
    new ResizeObserver(again).observe(canvas);
    return again;
  }

  // The page may put up a new element, or keep one and change what it holds.
  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-places"] };
  new MutationObserver((records) => {
    for (const cloud of document.querySelectorAll(".ac-cloud"))
      if (!started.has(cloud)) started.set(cloud, start(cloud));
    for (const { type, target } of records) if (type === "attributes") started.get(target)?.();
  }).observe(document, changes);
})();
