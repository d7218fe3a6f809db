/** A module hook that answers the import of one package with another file: `register(url, { data: { name, url } })`. */
let replaced;

export function initialize(data) {
  replaced = data;
}

export function resolve(specifier, context, nextResolve) {
  if (specifier === replaced.name) return { url: replaced.url, shortCircuit: true };
  return nextResolve(specifier, context);
}
