/** Unsaved changes in IndexedDB: they survive a crash, a closed tab and a lost network. */
import type { JournalEntry } from "@/core/autosave";

const DATABASE = "winnow-labeling";
const STORE = "unsaved";

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened."));
  });
  return opened;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await open()).transaction(STORE, mode);
  return new Promise((resolve, reject) => {
    const request = act(transaction.objectStore(STORE));
    // At once, and not when this page comes to it again: a tab that is killed in the next moment must not take the entry along.
    if (mode === "readwrite") transaction.commit();
    request.onsuccess = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error ?? new Error("The local copy could not be written."));
  });
}

/** One entry per person and image, so that two accounts in one browser never meet. */
function keyOf(author: number, image: number): string {
  return `${author}:${image}`;
}

export interface Journal {
  read(): Promise<JournalEntry | null>;
  write(entry: JournalEntry | null): void;
}

/** A browser may forbid IndexedDB (private windows): then the journal is silent, and leaving the page asks instead. */
export function journalOf(author: number, image: number, onFailure: () => void): Journal {
  const key = keyOf(author, image);
  return {
    async read() {
      try {
        return ((await run("readonly", (store) => store.get(key))) as JournalEntry | undefined) ?? null;
      } catch {
        onFailure();
        return null;
      }
    },
    write(entry) {
      run<unknown>("readwrite", (store) => (entry ? store.put(entry, key) : store.delete(key)) as IDBRequest<unknown>).catch(onFailure);
    },
  };
}
