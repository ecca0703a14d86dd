/** Unsaved changes in IndexedDB: they survive a crash, a closed tab and a lost network. */
import { newAnnotationId } from "@/core/document";
import { joined, type JournalEntry } from "@/core/journal";

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

/** This page, as long as it lives: two tabs on one image write down their own changes, and neither wipes the other's. */
const TAB = newAnnotationId();

/** Entries of one person and image, so that two accounts in one browser never meet; of all tabs when no tab is named. */
function keyOf(author: number, image: number, tab = ""): string {
  return `${author}:${image}${tab === "" ? "" : `:${tab}`}`;
}

export interface Journal {
  /** What this and other tabs left unsaved. */
  read(): Promise<JournalEntry | null>;
  /** Write down what is unsaved here: it contains by now what was read of other tabs, whose entries go. */
  write(entry: JournalEntry | null): void;
}

/** A browser may forbid IndexedDB (private windows): then the journal is silent, and leaving the page asks instead. */
export function journalOf(author: number, image: number, onFailure: () => void, tab = TAB): Journal {
  const own = keyOf(author, image, tab);
  let others: readonly IDBValidKey[] = [];
  return {
    async read() {
      try {
        // A colon comes before a semicolon, and nothing between: keys of all tabs, and the one without a tab of earlier times.
        const range = IDBKeyRange.bound(keyOf(author, image), `${keyOf(author, image)};`, false, true);
        const keys = (await run("readonly", (store) => store.getAllKeys(range))).filter((key) => key === keyOf(author, image) || String(key).startsWith(`${keyOf(author, image)}:`));
        const entries = await Promise.all(keys.map((key) => run<unknown>("readonly", (store) => store.get(key))));
        others = keys.filter((key) => key !== own);
        return joined(entries.filter((entry): entry is JournalEntry => entry !== undefined));
      } catch {
        onFailure();
        return null;
      }
    },
    write(entry) {
      const absorbed = others;
      others = [];
      run<unknown>("readwrite", (store) => {
        for (const key of absorbed) store.delete(key);
        return (entry ? store.put(entry, own) : store.delete(own)) as IDBRequest<unknown>;
      }).catch(onFailure);
    },
  };
}
