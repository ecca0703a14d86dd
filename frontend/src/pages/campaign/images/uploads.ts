import { create } from "zustand";
import { runQueue, type UploadRow } from "./uploadQueue";

interface Upload {
  rows: UploadRow[];
  going: boolean;
  split: string;
}

interface Uploads {
  byCampaign: Record<number, Upload>;
  add: (campaign: number, files: readonly File[], split: string, onSettled: () => void) => Promise<void>;
  retry: (campaign: number, onSettled: () => void) => Promise<void>;
  stop: (campaign: number) => void;
  clear: (campaign: number) => void;
}

const NOTHING: Upload = { rows: [], going: false, split: "" };
const stops = new Map<number, AbortController>();
let lastKey = 0;

const nextKey = (): number => ++lastKey;

/** Hidden files and folders of operating systems that nobody means to upload. */
function isClutter(file: File): boolean {
  return /(^|\/)(\.|__MACOSX|Thumbs\.db$|desktop\.ini$)/i.test(file.webkitRelativePath || file.name);
}

function rowOf(file: File): UploadRow {
  return { key: nextKey(), name: file.webkitRelativePath || file.name, size: file.size, state: "waiting", sent: 0, detail: "", file };
}

/** Uploads live outside the page, so that they go on while somebody looks at another tab. */
export const useUploads = create<Uploads>((set, get) => {
  const patch = (campaign: number, change: (upload: Upload) => Partial<Upload>): void =>
    set(({ byCampaign }) => {
      const upload = byCampaign[campaign] ?? NOTHING;
      return { byCampaign: { ...byCampaign, [campaign]: { ...upload, ...change(upload) } } };
    });

  const replace = (campaign: number) => (keys: readonly number[], rows: readonly UploadRow[]) =>
    patch(campaign, (upload) => {
      const out = new Set(keys);
      const at = upload.rows.findIndex((row) => out.has(row.key));
      const kept = upload.rows.filter((row) => !out.has(row.key));
      return { rows: [...kept.slice(0, Math.max(0, at)), ...rows, ...kept.slice(Math.max(0, at))] };
    });

  const send = async (campaign: number, rows: readonly UploadRow[], split: string, onSettled: () => void): Promise<void> => {
    const stop = new AbortController();
    stops.set(campaign, stop);
    patch(campaign, () => ({ going: true, split }));
    const refresh = window.setInterval(onSettled, 4000);
    try {
      await runQueue(rows, campaign, split, { replace: replace(campaign), nextKey }, stop.signal);
    } finally {
      window.clearInterval(refresh);
      patch(campaign, (upload) => ({
        going: false,
        rows: upload.rows.map((row) => (row.state === "waiting" ? { ...row, state: "failed", detail: "Stopped before it was sent." } : row)),
      }));
      onSettled();
    }
  };

  return {
    byCampaign: {},
    add: async (campaign, files, split, onSettled) => {
      const rows = files.filter((file) => !isClutter(file)).map(rowOf);
      if (rows.length === 0 || get().byCampaign[campaign]?.going === true) return;
      patch(campaign, () => ({ rows }));
      await send(campaign, rows, split, onSettled);
    },
    retry: async (campaign, onSettled) => {
      const upload = get().byCampaign[campaign] ?? NOTHING;
      const again = upload.rows.filter((row) => row.state === "failed" && row.file !== null).map((row): UploadRow => ({ ...row, state: "waiting", sent: 0, detail: "" }));
      if (again.length === 0 || upload.going) return;
      const keys = new Set(again.map((row) => row.key));
      patch(campaign, ({ rows }) => ({ rows: [...again, ...rows.filter((row) => !keys.has(row.key))] }));
      await send(campaign, again, upload.split, onSettled);
    },
    stop: (campaign) => stops.get(campaign)?.abort(),
    clear: (campaign) => patch(campaign, () => ({ rows: [] })),
  };
});

export function useUpload(campaign: number): Upload {
  return useUploads((state) => state.byCampaign[campaign] ?? NOTHING);
}
