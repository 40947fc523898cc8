// Evaluated in a page by audit.py: facts about what is shown there now.
() => {
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const byId = (id) => document.getElementById(id);
  const describe = (e) => {
    return `${e.tagName.toLowerCase()}#${e.id}.${e.className} "${e.textContent.trim().slice(0, 20)}"`;
  };

  // Colours are [red, green, blue, alpha]; a ground is every background below an element, blended.
  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const groundOf = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const linear = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const measure = (e, pseudo) => {
    const style = getComputedStyle(e, pseudo);
    const colour = rgba(style.color);
    if (pseudo) colour[3] *= Number(style.opacity);
    const ground = groundOf(e);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 600);
    return { what: describe(e), ratio: contrast(over(colour, ground), ground), isLarge };
  };
  const hasWords = (e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  const isRead = (e) => hasWords(e) && !e.closest(".visually-hidden, .skip, svg, script");

  const nameOf = (e) => {
    const labels = [...(e.labels ?? [])].map((label) => label.textContent).join("");
    const titles = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => byId(id)?.textContent);
    return labels || e.getAttribute("aria-label") || e.textContent || titles.join("");
  };
  const controls = all("input, select, textarea, button, a[href], summary, progress, dialog");
  const targets = controls.filter((e) => !e.matches("progress, dialog, .skip"));
  const boxOf = (e) => (e.matches("input[type=radio]") ? e.closest("label") : e).getBoundingClientRect();
  const isDangling = (e) => e.getAttribute("aria-describedby").split(" ").some((id) => !byId(id));
  const root = document.documentElement;

  return {
    language: root.lang,
    title: document.title,
    headings: all("h1, h2, h3, h4").map((heading) => Number(heading.tagName[1])),
    landmarks: ["header", "nav[aria-label]", "main"].map((selector) => all(selector).length),
    nameless: controls.filter((e) => !nameOf(e).trim()).map(describe),
    targets: targets.map((e) => ({ what: describe(e), width: boxOf(e).width, height: boxOf(e).height })),
    pictures: [...document.images].filter((image) => !image.hasAttribute("alt")).map(describe),
    silent: all("#jobs img, #viewer img, #grid img").filter((image) => !image.alt).map(describe),
    groups: all("fieldset").filter((e) => !e.querySelector("legend")?.textContent.trim()).map(describe),
    dangling: all("[aria-describedby]").filter(isDangling).map(describe),
    contrasts: [
      ...all("body *").filter(isRead).map((e) => measure(e)),
      ...all("input[placeholder], textarea[placeholder]").map((e) => measure(e, "::placeholder")),
    ],
    overflow: root.scrollWidth - root.clientWidth,
  };
}
