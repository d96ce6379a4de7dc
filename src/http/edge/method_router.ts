import { METHOD_NAME_ALL, type Result, type Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * A router that has one of its own for each method. The fast one, a single regular expression, refuses paths that differ
 * in a word where another has a parameter; so one pair of such paths under POST would make reading slower too.
 */
class MethodRouter<T> implements Router<T> {
  readonly name = "MethodRouter";
  readonly #methods = new Map<string, Router<T>>();
  /** What every method has, for those that come later. */
  readonly #shared: (readonly [path: string, handler: T])[] = [];

  constructor() {
    this.#open(METHOD_NAME_ALL);
  }

  add(method: string, path: string, handler: T): void {
    if (method !== METHOD_NAME_ALL) {
      const router = this.#methods.get(method) ?? this.#open(method);
      return router.add(method, path, handler);
    }
    this.#shared.push([path, handler]);
    for (const [name, router] of this.#methods) router.add(name, path, handler);
  }

  match(method: string, path: string): Result<T> {
    const router = this.#methods.get(method);
    if (router) return router.match(method, path);
    return this.#methods.get(METHOD_NAME_ALL)!.match(METHOD_NAME_ALL, path);
  }

  #open(method: string): Router<T> {
    const routers = [new RegExpRouter<T>(), new TrieRouter<T>()];
    const router = new SmartRouter<T>({ routers });
    for (const [path, handler] of this.#shared) {
      router.add(method, path, handler);
    }
    this.#methods.set(method, router);
    return router;
  }
}

export function methodRouter<T>(): Router<T> {
  return new MethodRouter<T>();
}
