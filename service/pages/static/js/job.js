/** One job on the stage, from the press of the button to the finished work. */

import { call } from "./api.js";
import { cloneTemplate, make, within } from "./dom.js";
import { announce, facts, say } from "./facts.js";
import { followJob, isEnd, watchQueue } from "./follow.js";
import { drawSection } from "./lyrics.js";
import { explainProblem, showRefusal } from "./refusal.js";
import { drawWork } from "./work.js";

const ANNOUNCED_STEP = 25; // percent: a voice that counts every step is a nuisance
const NAME_CHARS = 24;

export class JobView {
  /**
   * @param {import("./api.js").Job} job
   * @param {{onEnd: () => void, onDismiss: () => void}} hooks
   */
  constructor(job, hooks) {
    this.job = job;
    this.hooks = hooks;
    this.state = job.state;
    this.progress = job.progress ?? 0;
    this.isWatched = false;
    this.announced = 0;
    this.what = nameJob(job);
    this.article = cloneTemplate("job-template");
    this.article.dataset.job = job.id;
    within(this.article, ".what").textContent = this.what;
    within(this.article, ".cancel").addEventListener("click", () => void this.cancel());
    within(this.article, ".dismiss").addEventListener("click", () => {
      this.article.remove();
      hooks.onDismiss();
    });
    this.show({ state: job.state, progress: this.progress });
  }

  /** Follow the job to its end; resolves when the outcome is on the page. */
  async run() {
    try {
      if (!isEnd(this.state)) {
        await followJob(this.job.id, {
          onNews: (news) => this.hear(news),
          onLost: () => this.write(say("state_lost"), ""),
          onBack: () => this.show({ state: this.state, progress: this.progress }),
        });
      }
      await this.showEnd(await call("GET", `/v1/generations/${this.job.id}`));
    } catch (error) {
      this.settle();
      showRefusal(within(this.article, ".refusal"), error);
    } finally {
      this.hooks.onEnd();
    }
  }

  async cancel() {
    const button = /** @type {HTMLButtonElement} */ (within(this.article, ".cancel"));
    button.disabled = true;
    this.write(say("state_cancelling"), "");
    try {
      await call("POST", `/v1/generations/${this.job.id}/cancel`);
    } catch (error) {
      button.disabled = false;
      showRefusal(within(this.article, ".refusal"), error);
    }
  }

  /** @param {import("./follow.js").News} news */
  hear(news) {
    if (news.text !== undefined) this.tell(news.section ?? 1, news.text);
    this.show(news);
  }

  /**
   * A section of the song; a job that begins anew, after its worker was lost, tells it from the first again.
   * @param {number} section from 1
   * @param {string} text
   */
  tell(section, text) {
    const verses = within(this.article, ".verses");
    if (section === 1) verses.replaceChildren();
    verses.lang = this.job.spec?.language === "en" ? "en" : "zh-Hans";
    verses.append(drawSection(text));
    verses.hidden = false;
    this.article.classList.add("is-telling");
  }

  /** @param {{state: string, progress: number}} news */
  show({ state, progress }) {
    const isNew = state !== this.state;
    this.state = state;
    this.progress = progress;
    this.article.dataset.state = state;
    const percent = Math.round(progress * 100);
    this.article.style.setProperty("--done", String(progress));
    const bar = /** @type {HTMLProgressElement} */ (within(this.article, "progress"));
    bar.value = percent;
    if (isEnd(state)) return;
    if (state === "running") this.write(say("state_running"), say("percent", { n: percent }));
    else void this.waitInQueue();
    this.announceNews(isNew, percent);
  }

  /** Tell the place in the queue for as long as it waits; a job can come back here from a lost worker. */
  async waitInQueue() {
    this.write(say("state_queued"), "");
    if (this.isWatched) return;
    this.isWatched = true;
    await watchQueue(this.job.id, () => this.state === "queued", (job) => this.showPlace(job));
    this.isWatched = false;
  }

  /**
   * @param {boolean} isNew
   * @param {number} percent
   */
  announceNews(isNew, percent) {
    if (isNew) announce(say("announce_ended", { what: this.what, state: say(`state_${this.state}`) }));
    else if (percent >= this.announced + ANNOUNCED_STEP) announce(say("announce_progress", { what: this.what, n: percent }));
    else return;
    this.announced = percent;
  }

  /** @param {import("./api.js").Job} job */
  showPlace({ queue_position: position, eta_seconds: eta }) {
    const parts = [];
    if (position) parts.push(position === 1 ? say("queue_next") : say("queue_position", { n: position - 1 }));
    if (eta) parts.push(eta < 100 ? say("eta_seconds", { n: eta }) : say("eta_minutes", { n: Math.round(eta / 60) }));
    this.write(say("state_queued"), parts.join(" · "));
  }

  /** @param {import("./api.js").Job} job */
  async showEnd(job) {
    this.show({ state: job.state, progress: job.progress ?? 0 });
    if (job.work) {
      const hadFocus = this.article.contains(document.activeElement);
      this.article.replaceChildren(drawWork(await call("GET", `/v1/works/${job.work.id}`)));
      this.article.classList.add("is-done");
      if (hadFocus) within(this.article, ".save").focus();
      announce(say("announce_done", { what: this.what }));
      return;
    }
    this.settle();
    const ending = job.problem ? explainProblem(job.problem) : { title: say("state_cancelled"), advice: "", note: "" };
    this.write(ending.title, "");
    const place = within(this.article, ".refusal");
    place.replaceChildren(...[ending.advice, ending.note].filter(Boolean).map((text) => make("p", "refusal-advice", text)));
    announce(say("announce_ended", { what: this.what, state: ending.title }));
  }

  /** Nothing moves any more: what is left is to put it away. */
  settle() {
    const dismiss = within(this.article, ".dismiss");
    const cancel = within(this.article, ".cancel");
    const hadFocus = document.activeElement === cancel || document.activeElement === document.body;
    dismiss.hidden = false;
    cancel.hidden = true;
    within(this.article, "progress").hidden = true;
    within(this.article, ".verses").hidden = true;
    this.article.classList.remove("is-telling");
    if (hadFocus) dismiss.focus();
  }

  /**
   * @param {string} state
   * @param {string} detail
   */
  write(state, detail) {
    within(this.article, ".state").textContent = state;
    within(this.article, ".detail").textContent = detail;
  }
}

/** @param {import("./api.js").Job} job */
function nameJob({ kind, spec = {} }) {
  const name = spec.recipient ?? spec.theme ?? spec.prompt ?? facts.kinds[kind];
  const short = name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS)}…` : name;
  return say(`job_${kind}`, { name: short });
}
