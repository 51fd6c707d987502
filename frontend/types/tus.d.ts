/** What of tus-js-client the page uses; the script is loaded when the first large file is sent. */

export interface TusResponse {
  getStatus(): number;
  getBody(): string;
}

export interface TusError extends Error {
  originalResponse?: TusResponse | null;
}

export interface TusPrevious {
  urlStorageKey: string;
}

export interface TusUpload {
  url: string | null;
  start(): void;
  abort(isCancelled: boolean): Promise<void>;
  findPreviousUploads(): Promise<TusPrevious[]>;
  resumeFromPreviousUpload(previous: TusPrevious): void;
}

export interface TusOptions {
  endpoint: string;
  metadata: Record<string, string>;
  headers: Record<string, string>;
  retryDelays: number[];
  removeFingerprintOnSuccess: boolean;
  onShouldRetry: (error: TusError) => boolean;
  onProgress: (sent: number, size: number) => void;
  onSuccess: () => void;
  onError: (error: TusError) => void;
}

export interface TusLibrary {
  Upload: new (file: File, options: TusOptions) => TusUpload;
  defaultOptions: { urlStorage: { removeUpload(key: string): Promise<void> } };
}

declare global {
  interface Window {
    tus?: TusLibrary;
  }
}
