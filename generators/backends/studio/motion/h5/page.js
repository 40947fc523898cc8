"use strict";
(() => {
  const page = document.documentElement, stage = document.querySelector(".stage");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const facts = JSON.parse(document.getElementById("facts").textContent);
  page.classList.add("live");

  const said = document.querySelector(".said"), code = document.querySelector(".code");
  if (code) code.tabIndex = -1; // it lies under the cover
  const show = () => {
    page.classList.add("told");
    setTimeout(() => page.classList.add("shown"), still.matches ? 0 : 350);
    if (code) code.removeAttribute("tabindex");
    said.focus({ preventScroll: true });
    drift();
  };

  const tell = () => {
    const scenes = [...document.querySelectorAll(".scene")];
    if (!scenes.length) return show();
    const next = document.querySelector(".next");
    let now = -1, timer = 0;
    const go = () => {
      clearTimeout(timer);
      if (++now > 0) scenes[now - 1].classList.remove("now");
      if (now === scenes.length) { next.hidden = true; return show(); }
      scenes[now].classList.add("now");
      if (!still.matches) timer = setTimeout(go, facts.sceneSeconds[now] * 1000);
    };
    next.hidden = false;
    next.addEventListener("click", go);
    next.focus({ preventScroll: true });
    go();
  };

  const cover = document.querySelector(".cover");
  cover.addEventListener("click", () => {
    if (page.classList.contains("opened")) return;
    page.classList.add("opened");
    cover.setAttribute("aria-expanded", "true");
    cover.tabIndex = -1;
    setTimeout(tell, still.matches ? 0 : 1250);
  });

  const random = (seed => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  })(facts.seed);

  const rgba = (colour, alpha) => `rgba(${colour},${alpha})`;
  const TAU = Math.PI * 2;

  // Things fly in the card's own pixels (1080 x 1440) and fade out before words.
  const openness = (x, y) => {
    let open = 1;
    for (const [left, top, right, bottom] of facts.taken) {
      const away = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
      open = Math.min(open, Math.max(0, Math.min(1, (away - 18) / 60)));
      if (!open) return 0;
    }
    return open;
  };

  const many = (count, make) => Array.from({ length: count }, make);
  const wrap = (value, size) => ((value % size) + size) % size;

  const airs = {
    plum() {
      const wind = (random() < 0.5 ? -1 : 1) * (24 + 26 * random());
      const petals = many(52, () => ({
        x: random() * 1200, y: random() * 1560, deep: random() ** 2, phase: random() * TAU,
        spin: random() - 0.5, flutter: 1.4 + 1.8 * random(), colour: facts.colours[random() < 0.45 ? 1 : 0],
      }));
      return (pen, time) => {
        for (const one of petals) {
          const sway = (18 + 20 * one.deep) * Math.sin(1.5 * time + one.phase);
          const x = wrap(one.x + wind * (0.6 + one.deep) * time + sway, 1200) - 60;
          const y = wrap(one.y + (80 + 100 * one.deep) * time, 1560) - 60;
          const seen = openness(x, y);
          if (!seen) continue;
          const size = 17 + 25 * one.deep;
          pen.save();
          pen.translate(x, y);
          pen.rotate(one.phase + 2.6 * one.spin * time + sway / 70);
          pen.scale(size, size * (0.34 + 0.66 * Math.abs(Math.cos(one.flutter * time + one.phase))));
          pen.globalAlpha = (0.8 + 0.18 * one.deep) * seen;
          pen.fillStyle = rgba(one.colour, 1);
          pen.beginPath();
          pen.moveTo(-0.52, 0);
          pen.bezierCurveTo(-0.3, -0.44, 0.26, -0.52, 0.5, -0.2);
          pen.quadraticCurveTo(0.42, -0.02, 0.5, 0.12);
          pen.bezierCurveTo(0.3, 0.44, -0.26, 0.34, -0.52, 0);
          pen.fill();
          pen.restore();
        }
      };
    },
    ink() {
      const banks = many(11, () => ({
        x: random() * 2000, y: 560 + 620 * random(), wide: 260 + 300 * random(), high: 46 + 60 * random(),
        speed: 14 + 30 * random(), alpha: 0.16 + 0.2 * random(),
      }));
      const birds = many(5, () => ({ x: 120 * random(), y: 46 * random(), phase: random() * TAU, size: 15 + 8 * random() }));
      const start = { x: 160 + 700 * random(), y: 150 + 380 * random() };
      return (pen, time) => {
        for (const one of banks) {
          const x = wrap(one.x + one.speed * time, 2000) - 450;
          pen.save();
          pen.translate(x, one.y);
          pen.scale(one.wide, one.high);
          const soft = pen.createRadialGradient(0, 0, 0, 0, 0, 1);
          soft.addColorStop(0, rgba(facts.colours[0], one.alpha));
          soft.addColorStop(0.5, rgba(facts.colours[0], one.alpha * 0.45));
          soft.addColorStop(1, rgba(facts.colours[0], 0));
          pen.fillStyle = soft;
          pen.fillRect(-1, -1, 2, 2);
          pen.restore();
        }
        for (const one of birds) {
          const x = wrap(start.x + one.x + 46 * time, 1300) - 100, y = start.y + one.y - 3 * time % 90;
          const seen = openness(x, y);
          if (!seen) continue;
          const beat = Math.sin(5.2 * time + one.phase), size = one.size;
          pen.globalAlpha = 0.72 * seen;
          pen.fillStyle = rgba(facts.colours[1], 1);
          pen.beginPath();
          pen.moveTo(x - size, y - size * (0.22 + 0.34 * beat));
          pen.quadraticCurveTo(x - size * 0.45, y - size * 0.36, x, y);
          pen.quadraticCurveTo(x + size * 0.45, y - size * 0.36, x + size, y - size * (0.22 + 0.34 * beat));
          pen.quadraticCurveTo(x + size * 0.4, y - size * 0.2, x, y + size * 0.2);
          pen.quadraticCurveTo(x - size * 0.4, y - size * 0.2, x - size, y - size * (0.22 + 0.34 * beat));
          pen.fill();
        }
        pen.globalAlpha = 1;
      };
    },
    lantern() {
      const sparks = many(56, () => ({
        x: random() * 1080, y: random() * 1500, size: 2 + 3.6 * random() ** 2, phase: random() * TAU, speed: 60 + 100 * random(),
      }));
      const lanterns = many(6, (_, nth) => ({
        x: 180 * (nth + 0.15 + 0.7 * random()), y: random() * 1560, size: 18 + 18 * random(), phase: random() * TAU,
      }));
      const glow = (pen, radius, alpha) => {
        const light = pen.createRadialGradient(0, 0, 0, 0, 0, radius);
        light.addColorStop(0, rgba("255,196,96", alpha));
        light.addColorStop(0.35, rgba("255,180,80", alpha * 0.3));
        light.addColorStop(1, rgba("255,160,60", 0));
        pen.fillStyle = light;
        pen.fillRect(-radius, -radius, 2 * radius, 2 * radius);
      };
      return (pen, time) => {
        for (const one of lanterns) {
          const x = one.x + 11 * Math.sin(1.3 * time + one.phase);
          const y = wrap(one.y - (18 + 1.4 * one.size) * time, 1560) - 60, seen = openness(x, y);
          if (!seen) continue;
          pen.save();
          pen.translate(x, y);
          pen.rotate(0.06 * Math.sin(1.1 * time + one.phase));
          pen.scale(one.size, one.size);
          pen.globalAlpha = seen;
          glow(pen, 2.6, 0.34);
          const paper = pen.createRadialGradient(0, 0.66, 0, 0, 0.66, 1.9);
          paper.addColorStop(0, "#ffe28c");
          paper.addColorStop(0.45, "#f7963e");
          paper.addColorStop(1, "#ce3e22");
          pen.fillStyle = paper;
          pen.beginPath();
          pen.moveTo(-0.58, 0.8);
          pen.bezierCurveTo(-0.86, 0.1, -0.98, -0.5, -0.72, -0.86);
          pen.bezierCurveTo(-0.4, -1.14, 0.4, -1.14, 0.72, -0.86);
          pen.bezierCurveTo(0.98, -0.5, 0.86, 0.1, 0.58, 0.8);
          pen.quadraticCurveTo(0, 0.92, -0.58, 0.8);
          pen.fill();
          pen.restore();
        }
        for (const one of sparks) {
          const x = one.x + 24 * Math.sin(1.3 * time + one.phase), y = wrap(one.y - one.speed * time, 1500) - 30;
          const seen = openness(x, y) * (0.45 + 0.55 * Math.abs(Math.sin(3.1 * time + 2 * one.phase)));
          if (seen < 0.03) continue;
          pen.save();
          pen.translate(x, y);
          pen.scale(one.size, one.size);
          pen.globalAlpha = seen;
          glow(pen, 3.4, 0.55);
          pen.fillStyle = "#ffe8a8";
          pen.beginPath();
          pen.arc(0, 0, 0.8, 0, TAU);
          pen.fill();
          pen.restore();
        }
        pen.globalAlpha = 1;
      };
    },
    silk() {
      const stars = facts.glints.map(([x, y]) => ({ x, y, phase: random(), size: 6 + 9 * random() }));
      return (pen, time) => {
        const at = wrap(time * 260, 2900) - 900;
        const band = pen.createLinearGradient(at, 0, at + 520, 290);
        band.addColorStop(0, "rgba(255,250,238,0)");
        band.addColorStop(0.5, "rgba(255,250,238,.34)");
        band.addColorStop(1, "rgba(255,250,238,0)");
        pen.fillStyle = band;
        pen.fillRect(0, 0, 1080, 1440);
        pen.fillStyle = "#fffaec";
        for (const { x, y, phase, size } of stars) {
          const lit = Math.max(0, Math.sin(TAU * (0.3 * time + phase))) ** 5;
          if (lit < 0.03) continue;
          const reach = size * (0.5 + 0.5 * lit);
          pen.globalAlpha = lit;
          pen.beginPath();
          pen.moveTo(x, y - reach);
          for (const [dx, dy] of [[reach, 0], [0, reach], [-reach, 0], [0, -reach]]) pen.quadraticCurveTo(x, y, x + dx, y + dy);
          pen.fill();
        }
        pen.globalAlpha = 1;
      };
    },
  };

  const drift = () => {
    const canvas = document.querySelector(".air");
    if (still.matches || !canvas) return;
    const pen = canvas.getContext("2d"), draw = airs[facts.style]();
    let last = 0, time = 0;
    const frame = (now) => {
      if (still.matches) return pen.clearRect(0, 0, canvas.width, canvas.height);
      time += Math.min(0.05, (now - last) / 1000);
      last = now;
      const sharp = Math.min(2, devicePixelRatio), width = Math.round(stage.clientWidth * sharp);
      if (canvas.width !== width) { canvas.width = width; canvas.height = Math.round((width * 4) / 3); }
      pen.setTransform(width / 1080, 0, 0, width / 1080, 0, 0);
      pen.clearRect(0, 0, 1080, 1440);
      draw(pen, time);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame((now) => { last = now; frame(now); });
  };

  const button = document.querySelector(".music");
  if (button) {
    let sound = null, timer = 0, beat = 0;
    const scale = [0, 2, 4, 7, 9, 12, 14, 16];
    const tune = many(32, (_, nth) => (nth % 8 === 7 ? null : scale[Math.floor(random() * scale.length)]));
    const pluck = (semitones, at, loud) => {
      const tone = sound.createOscillator(), over = sound.createOscillator(), level = sound.createGain();
      tone.frequency.value = 523.25 * 2 ** (semitones / 12);
      over.frequency.value = tone.frequency.value * 3;
      over.type = tone.type = "sine";
      const faint = sound.createGain();
      faint.gain.value = 0.16;
      level.gain.setValueAtTime(0, at);
      level.gain.linearRampToValueAtTime(loud, at + 0.006);
      level.gain.exponentialRampToValueAtTime(0.0004, at + 1.7);
      tone.connect(level);
      over.connect(faint).connect(level);
      level.connect(sound.destination);
      for (const one of [tone, over]) { one.start(at); one.stop(at + 1.8); }
    };
    const play = () => {
      const note = tune[beat % tune.length], at = sound.currentTime + 0.05;
      if (note !== null) pluck(note, at, 0.14);
      if (beat % 4 === 0) pluck([-12, -5, -8, -10][(beat >> 2) % 4], at, 0.09);
      beat += 1;
    };
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      clearInterval(timer);
      if (on) {
        sound = sound || new AudioContext();
        sound.resume();
        timer = setInterval(play, 430);
      } else if (sound) sound.suspend();
    });
    document.addEventListener("visibilitychange", () => {
      if (!sound || button.getAttribute("aria-pressed") !== "true") return;
      clearInterval(timer);
      if (document.hidden) sound.suspend();
      else { sound.resume(); timer = setInterval(play, 430); }
    });
  }
})();
