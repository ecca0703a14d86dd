/** Questions to the assistant, one at a time: a newer one takes the place of the one before, whose answer is not heard any more. */
import type { AssistAnswer, Assistant, AssistRequest } from "../../core/assistant";

export interface Listener {
  answered(answer: AssistAnswer): void;
  failed(message: string): void;
}

/** What an error says to a person. */
function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "Smart labeling did not answer. Try again.";
}

export class Conversation {
  private asking: AbortController | null = null;

  constructor(
    private readonly assistant: Assistant,
    private readonly listener: Listener,
  ) {}

  get busy(): boolean {
    return this.asking !== null;
  }

  /** Ask; whatever was asked before is forgotten. */
  async ask(request: AssistRequest): Promise<void> {
    this.forget();
    const asking = new AbortController();
    this.asking = asking;
    this.assistant.status.setState({ busy: true });
    try {
      const answer = await this.assistant.extract(request, asking.signal);
      if (this.asking === asking) this.finish(() => this.listener.answered(answer));
    } catch (error) {
      if (this.asking === asking) this.finish(() => this.listener.failed(messageOf(error)));
    }
  }

  forget(): void {
    this.asking?.abort();
    this.asking = null;
    this.assistant.status.setState({ busy: false });
  }

  private finish(tell: () => void): void {
    this.asking = null;
    this.assistant.status.setState({ busy: false });
    tell();
  }
}
