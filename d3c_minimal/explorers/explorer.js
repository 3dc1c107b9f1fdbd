// Moves the explorers on a page without a kernel: the inputs choose which frame is shown.
"use strict";
(() => {
  function bind(explorer) {
    const inputs = [...explorer.querySelectorAll("[data-stride]")];
    const frames = [...explorer.querySelectorAll(".d3c-frame")];
    const controls = explorer.querySelector(".d3c-controls");
    if (!controls) return;
    const play = controls.querySelector(".d3c-play");
    let timer = 0;

    function show() {
      const chosen = inputs.reduce((sum, i) => sum + Number(i.value) * Number(i.dataset.stride), 0);
      frames.forEach((frame, k) => { frame.hidden = k !== chosen; });
      const words = frames[chosen].dataset.words;
      explorer.querySelector("output").textContent = words;
      inputs.forEach((i) => i.type === "range" && i.setAttribute("aria-valuetext", words));
    }

    function stop() {
      clearInterval(timer);
      timer = 0;
      if (play) play.textContent = "Play";
    }

    inputs.forEach((i) => i.addEventListener("input", () => { stop(); show(); }));
    // Nothing moves by itself, so a reader who asks for less motion meets none unasked.
    play?.addEventListener("click", () => {
      if (timer) return stop();
      const slider = play.previousElementSibling.querySelector("input");
      if (slider.value === slider.max) slider.value = slider.min;
      else slider.stepUp();
      show();
      play.textContent = "Stop";
      timer = setInterval(() => {
        if (slider.value === slider.max) return stop();
        slider.stepUp();
        show();
      }, Number(play.dataset.interval));
    });
    controls.hidden = false;
    show();
  }

  const start = () => document.querySelectorAll("figure.d3c-explorer").forEach(bind);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
