/** The studio: three forms, one stage. */

import "./page.js";
import "./asking.js";
import { call } from "./api.js";
import { clearFault, clearFaults, showFaults, toFaults } from "./faults.js";
import { element, wake, within } from "./dom.js";
import { announce, say } from "./facts.js";
import { keepDraft, restoreDraft } from "./drafts.js";
import { isEnd } from "./follow.js";
import { JobView } from "./job.js";
import { thisVisit } from "./keeping.js";
import { arrangeLayouts } from "./layouts.js";
import { PhotoField } from "./photo.js";
import { requestWork } from "./press.js";
import { showRefusal } from "./refusal.js";
import { isKnown } from "./session.js";
import { enliven } from "./slips.js";
import { countGraphemes, findFaults, hasDirection, readFields, toSpec } from "./spec.js";
import { Offline, Problem } from "./wire.js";

const RECENT_JOBS = 10;
const COUNTED_FROM = 0.5; // share of a limit from which its counter shows

const forms = /** @type {HTMLFormElement[]} */ ([...document.querySelectorAll("form[data-kind]")]);

/** @param {HTMLFormElement} form */
async function press(form) {
  const faults = findFaults(form);
  if (faults.size > 0) {
    refuse(form, faults);
    return;
  }
  const place = within(form, ":scope > .refusal");
  showRefusal(place, null);
  clearFaults(form);
  await whileBusy(form, async () => {
    const kind = form.dataset.kind ?? "";
    const spec = toSpec(kind, readFields(form));
    try {
      const job = await requestWork(kind, spec);
      if (spec.photo_id) thisVisit.write("photo.used", String(spec.photo_id));
      stage({ ...job, spec }, { isNew: true });
    } catch (error) {
      takeRefusal(form, place, error);
    }
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {Map<string, string>} faults
 */
function refuse(form, faults) {
  showFaults(form, faults);
  announce(say("error_fields"));
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} place
 * @param {unknown} error
 */
function takeRefusal(form, place, error) {
  if (error instanceof Problem && error.code === "insufficient_credits") {
    document.dispatchEvent(new CustomEvent("huajian:offer", { detail: error.body.unlock }));
    sayCreditsMoved();
    element("purse").scrollIntoView({ block: "center" });
    return;
  }
  showRefusal(place, error);
  if (error instanceof Problem && error.body.errors) refuse(form, toFaults(error.body.errors));
}

/**
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} work
 */
async function whileBusy(form, work) {
  const button = within(form, "button[type=submit]");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true"); // still focusable: the focus must not be lost
  try {
    await work();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/**
 * Put a job on the stage and follow it; once, though a look at what runs may find what was just asked for.
 * @param {import("./api.js").Job} job
 * @param {{isNew: boolean}} options
 */
function stage(job, { isNew }) {
  const staged = /** @type {HTMLElement | null} */ (element("jobs").querySelector(`[data-job="${job.id}"]`));
  if (staged && !isNew) return;
  const article = staged ?? followOnStage(job);
  if (isNew) element("jobs").prepend(article);
  else element("jobs").append(article);
  document.body.classList.add("has-jobs");
  if (isNew) {
    clearStage(article);
    rememberStaged(job.id);
    sayCreditsMoved();
    showStage();
  }
}

/**
 * @param {import("./api.js").Job} job
 * @returns {HTMLElement}
 */
function followOnStage(job) {
  const view = new JobView(job, { onEnd: sayCreditsMoved, onDismiss: leaveStage });
  void view.run();
  return view.article;
}

function showStage() {
  const { top } = element("stage").getBoundingClientRect();
  element("stage").focus({ preventScroll: true });
  if (top < 0 || top > innerHeight / 3) element("stage").scrollIntoView({ block: "start" });
}

/**
 * Make room for what is new; what is still being made stays.
 * @param {HTMLElement} newest
 */
function clearStage(newest) {
  for (const article of element("jobs").querySelectorAll("article.job")) {
    if (article !== newest && isEnd(/** @type {HTMLElement} */ (article).dataset.state ?? "")) article.remove();
  }
}

/** @param {string} id the job whose outcome this tab goes on showing after a reload */
function rememberStaged(id) {
  thisVisit.write("staged", id);
}

function leaveStage() {
  thisVisit.write("staged", null);
  document.body.classList.toggle("has-jobs", element("jobs").children.length > 0);
}

/** Whoever left and came back finds what is still being made, and what was made meanwhile. */
async function resumeJobs() {
  if (!isKnown()) return;
  const page = await call("GET", `/v1/generations?limit=${RECENT_JOBS}`);
  const shown = thisVisit.read("staged");
  for (const job of page.items) {
    if (!isEnd(job.state) || job.id === shown) stage(job, { isNew: false });
  }
}

/**
 * What comes by itself may stay away: the stage, or a photo's place, stays empty.
 * @param {unknown} error
 */
function ignoreRefusal(error) {
  if (!(error instanceof Problem || error instanceof Offline)) throw error;
}

function sayCreditsMoved() {
  document.dispatchEvent(new Event("huajian:credits"));
}

/** @param {HTMLFormElement} form */
function follow(form) {
  restoreDraft(form);
  arrange(form);
  const photo = /** @type {HTMLElement | null} */ (form.querySelector(".photo"));
  if (photo) new PhotoField(photo).start().catch(ignoreRefusal);
  form.addEventListener("input", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const field = /** @type {HTMLElement | null} */ (target.closest("[data-field]"));
    if (field) clearFault(field);
    arrange(form);
    keepDraft(form);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void press(form);
  });
}

/**
 * Show what the choices made so far call for.
 * @param {HTMLFormElement} form
 */
function arrange(form) {
  arrangeLayouts(form, readFields(form));
  const fields = readFields(form);
  const own = /** @type {HTMLElement | null} */ (form.querySelector(".own-words"));
  if (own) own.hidden = fields.words !== "own";
  const direction = /** @type {HTMLElement | null} */ (form.querySelector("[data-field=direction]"));
  if (direction) direction.hidden = !hasDirection(fields);
  for (const control of form.querySelectorAll("[data-limit]")) count(/** @type {HTMLInputElement} */ (control));
}

/** @param {HTMLInputElement} control */
function count(control) {
  const limit = Number(control.dataset.limit);
  const found = countGraphemes(control.value.trim());
  const label = within(/** @type {HTMLElement} */ (control.closest("[data-field]")), "label");
  if (found < limit * COUNTED_FROM) label.removeAttribute("data-count");
  else label.dataset.count = `${found}/${limit}`;
}

enliven([...document.querySelectorAll(".slip")].map((slip) => /** @type {HTMLElement} */ (slip)));
forms.forEach(follow);
void resumeJobs().catch(ignoreRefusal);
wake();
