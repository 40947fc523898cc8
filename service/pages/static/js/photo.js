/** The photo of a card: sent when it is chosen, shown, and put away again. */

import { call, open } from "./api.js";
import { within } from "./dom.js";
import { announce, facts, say } from "./facts.js";
import { clearFault } from "./faults.js";
import { randomHex, thisVisit } from "./keeping.js";
import { showKept } from "./kept_photos.js";
import { explain, writeRefusal } from "./refusal.js";
import { sendPhoto } from "./upload.js";
import { Offline, Problem } from "./wire.js";

const KEY_BYTES = 16;
const MB = 1024 * 1024;

export class PhotoField {
  /** @param {HTMLElement} field */
  constructor(field) {
    this.field = field;
    this.file = /** @type {HTMLInputElement} */ (within(field, "input[type=file]"));
    this.id = /** @type {HTMLInputElement} */ (within(field, "input[name=photo_id]"));
    this.shown = /** @type {HTMLImageElement} */ (within(field, ".photo-shown"));
    /** @type {{file: File, key: string} | null} what is on its way, or was when the network broke */
    this.open = null;
    this.sending = new AbortController();
    this.file.addEventListener("change", () => this.choose(this.file.files?.[0]));
    within(field, ".photo-again").addEventListener("click", () => void this.send());
    within(field, ".photo-stop").addEventListener("click", () => this.stop());
    within(field, ".photo-drop").addEventListener("click", () => this.drop());
  }

  /** Show the photo of a draft again; one that was chosen before this script ran takes its place. */
  async start() {
    try {
      await this.resume();
    } finally {
      this.choose(this.file.files?.[0]);
    }
  }

  /** It may have gone meanwhile. */
  async resume() {
    if (!this.id.value) return;
    try {
      this.show((await call("GET", `/v1/photos/${this.id.value}`)).url);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      this.take("");
      this.refuse({ title: say("photo_gone"), advice: "" });
    }
  }

  /** @param {File | undefined} file */
  choose(file) {
    this.file.value = ""; // so that the same file can be chosen again
    if (file === undefined) return;
    this.clear();
    if (!this.file.accept.split(",").includes(file.type)) {
      this.refuse({ title: say("photo_kind_title"), advice: say("photo_kind_advice") });
    } else if (file.size > facts.photo_bytes) {
      const n = Math.floor(facts.photo_bytes / MB);
      this.refuse({ title: say("photo_size_title"), advice: say("photo_size_advice", { n }) });
    } else {
      this.open = { file, key: randomHex(KEY_BYTES) };
      void this.send();
    }
  }

  /** Send what was chosen; once more under the same key, when it is called again. */
  async send() {
    if (this.open === null) return;
    const { file, key } = this.open;
    this.sending.abort();
    const { signal } = (this.sending = new AbortController());
    const local = URL.createObjectURL(file);
    const before = this.shown.src;
    this.show(local);
    this.draw({ isSending: true });
    this.clear();
    announce(say("photo_sending"));
    try {
      const photo = await sendPhoto(file, { key, onProgress: (share) => this.progress(share), signal });
      this.open = null;
      this.forget();
      this.take(photo.id);
      this.show(photo.url);
      announce(say("photo_ready"));
    } catch (error) {
      if (signal.aborted) return;
      this.show(this.id.value ? before : "");
      this.explain(error);
    } finally {
      if (!signal.aborted) this.draw({ isSending: false });
      URL.revokeObjectURL(local);
    }
  }

  stop() {
    this.sending.abort();
    this.open = null;
    this.draw({ isSending: false });
    this.show("");
    void this.resume();
    this.file.focus();
  }

  drop() {
    this.forget();
    this.take("");
    this.show("");
    this.clear();
    announce(say("photo_removed"));
    this.file.focus();
  }

  /** Delete the photo that is put away, unless a work may yet be made of it; it expires in any case. */
  forget() {
    const id = this.id.value;
    if (!id || thisVisit.read("photo.used") === id) return;
    open("DELETE", `/v1/photos/${id}`).catch((error) => {
      if (!(error instanceof Offline || error instanceof Problem)) throw error;
    });
  }

  /** @param {string} id */
  take(id) {
    this.id.value = id;
    this.id.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {string} url "" shows none */
  show(url) {
    if (url) this.shown.src = url;
    else this.shown.removeAttribute("src");
    this.shown.hidden = !url;
    within(this.field, ".photo-none").hidden = Boolean(url);
    within(this.field, ".photo-some").hidden = !url;
    within(this.field, ".photo-drop").hidden = !this.id.value;
  }

  /** @param {{isSending: boolean}} state */
  draw({ isSending }) {
    const hadFocus = this.field.contains(document.activeElement);
    this.field.toggleAttribute("data-sending", isSending);
    within(this.field, ".photo-sending").hidden = !isSending;
    within(this.field, ".photo-stop").hidden = !isSending;
    within(this.field, ".photo-pick").hidden = isSending;
    if (isSending) {
      within(this.field, ".photo-drop").hidden = true;
      this.progress(0);
    }
    if (hadFocus) (isSending ? within(this.field, ".photo-stop") : this.file).focus();
  }

  /** @param {number} share */
  progress(share) {
    const percent = Math.round(share * 100);
    /** @type {HTMLProgressElement} */ (within(this.field, "progress")).value = percent;
    within(this.field, ".photo-percent").textContent = say("percent", { n: percent });
  }

  clear() {
    clearFault(this.field);
    within(this.field, ".refusal").replaceChildren();
    within(this.field, ".photo-again").hidden = true;
    within(this.field, ".photo-kept").hidden = true;
  }

  /** @param {unknown} error */
  explain(error) {
    const isPassing = error instanceof Offline || (error instanceof Problem && error.isPassing);
    within(this.field, ".photo-again").hidden = !isPassing;
    if (error instanceof Offline) this.refuse({ title: say("network_title"), advice: say("photo_lost_advice") });
    else this.refuse(explain(error));
    if (!isPassing && !this.makesRoom(error)) this.open = null;
  }

  /** @param {unknown} error */
  makesRoom(error) {
    if (!(error instanceof Problem) || error.code !== "too_many_photos") return false;
    const again = within(this.field, ".photo-again");
    const place = within(this.field, ".photo-kept");
    const onRoom = () => (again.hidden = false);
    showKept(place, { except: this.id.value, onRoom }).catch((lost) => this.explain(lost));
    return true;
  }

  /** @param {{title: string, advice: string, note?: string}} words */
  refuse(words) {
    writeRefusal(within(this.field, ".refusal"), words);
  }
}
