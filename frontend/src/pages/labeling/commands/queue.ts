/** From image to image. */
import type { Command } from "./types";

export const queueCommands: readonly Command[] = [
  { id: "submit", title: "Submit and go on", group: "The queue", keys: ["Ctrl+Enter"], run: ({ desk }) => void desk.submit() },
  { id: "skip", title: "Skip this image", group: "The queue", keys: ["S"], run: ({ desk }) => void desk.skip("") },
  { id: "flag", title: "Flag this image for a colleague", group: "The queue", keys: ["F"], run: ({ desk }) => void desk.flag() },
  { id: "previous", title: "Back to the image before", group: "The queue", keys: ["Ctrl+ArrowLeft"], run: ({ desk }) => void desk.previous() },
  { id: "next", title: "On to the next image without submitting", group: "The queue", keys: ["Ctrl+ArrowRight"], run: ({ desk }) => void desk.next() },
];
