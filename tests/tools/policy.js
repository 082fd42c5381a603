// What a ValidatingAdmissionPolicy says to objects: evaluates its CEL with a library, since the Kubernetes API of the tests is older than such policies.
// Reads {"policy": …, "requests": [{"object", "oldObject", "user"}, …]} from standard input, writes for each the message of the first denial, or null. An error denies, as failurePolicy Fail does.
import { run } from "@bufbuild/cel";
import { readFileSync } from "node:fs";

const cel = (value) =>
  Array.isArray(value) ? value.map(cel)
  : value !== null && typeof value === "object" ? new Map(Object.entries(value).map(([key, inner]) => [key, cel(inner)]))
  : Number.isInteger(value) ? BigInt(value) : value;

const { policy, requests } = JSON.parse(readFileSync(0, "utf8"));
const { matchConstraints, matchConditions = [], variables = [], validations } = policy.spec;

function matches(object) {
  const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object.apiVersion];
  return matchConstraints.resourceRules.some((rule) =>
    rule.apiGroups.includes(group) && rule.apiVersions.includes(version) && rule.resources.includes(`${object.kind.toLowerCase()}s`));
}

function verdict({ object, oldObject = null, user = "somebody" }) {
  if (!matches(object)) return null;
  const known = { object: cel(object), oldObject: cel(oldObject), request: cel({ userInfo: { username: user } }), variables: new Map() };
  const ask = (expression) => {
    const value = run(expression, known);
    if (value instanceof Error || value?.name === "CelError") throw value;
    return value;
  };
  try {
    if (!matchConditions.every(({ expression }) => ask(expression))) return null;
    for (const { name, expression } of variables) known.variables.set(name, ask(expression));
    for (const { expression, message } of validations) if (ask(expression) !== true) return message;
    return null;
  } catch (error) {
    return `error: ${error.message ?? error}`;
  }
}

process.stdout.write(JSON.stringify(requests.map(verdict)));
