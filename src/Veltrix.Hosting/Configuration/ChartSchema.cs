using System.Text.Json.Nodes;

namespace Veltrix.Hosting;

/// <summary>
/// <c>charts/veltrix/values.schema.json</c>: JSON schema, draft 7, of the values of the Helm chart. What is below <c>hunt.defaults</c> is made from the declaration of keys, nested, since that is how
/// <c>--set</c> writes them; the rest is here. It says in helm's words what is wrong; what is missing, and whatever must hold even where a schema is skipped, the templates refuse in sentences.
/// </summary>
public static class ChartSchema
{
    /// <summary>A Kubernetes object in one of its fields, which the API checks.</summary>
    const string OfKubernetes = """{ "type": "object" }""";
    const string Text = """{ "type": "string" }""";
    const string Switch = """{ "type": "boolean" }""";
    const string Texts = """{ "type": "object", "additionalProperties": { "type": "string" } }""";
    const string Name = """{ "type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$" }""";
    const string Image = """{ "type": "string", "pattern": "^[^\\s@]+(:[^\\s:@/]+|@sha256:[0-9a-f]{64})$" }""";
    const string Resources = $$"""{ "type": "object", "additionalProperties": false, "properties": { "requests": {{Amounts}}, "limits": {{Amounts}} } }""";
    const string Amounts = """{ "type": "object", "additionalProperties": { "type": ["string", "number"] } }""";
    const string Peers = """{ "type": "array", "items": { "type": "object", "additionalProperties": false, "properties": { "podSelector": { "type": "object" }, "namespaceSelector": { "type": "object" }, "ipBlock": { "type": "object" } } } }""";

    static string Whole(int least, int most) => $$"""{ "type": "integer", "minimum": {{least}}, "maximum": {{most}} }""";

    public static string Json()
    {
        var whole = Object(
            ("governor", Reasoned(Object(
                ("enabled", Parsed("""{ "const": true, "description": "Every hunt pod has a governor; there is no Veltrix on Kubernetes without one." }""")),
                ("resources", Parsed(Resources))))),
            ("image", Object(
                ("registry", Parsed(Text)),
                ("repository", Parsed("""{ "type": "string", "pattern": "^[^\\s:@]*$" }""")),
                ("tag", Parsed("""{ "type": "string", "pattern": "^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$" }""")),
                ("digest", Parsed("""{ "type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$" }""")),
                ("pullPolicy", Parsed("""{ "enum": ["Always", "IfNotPresent", "Never"] }""")))),
            ("imagePullSecrets", Parsed("""{ "type": "array", "items": { "type": "string", "minLength": 1 } }""")),
            ("nameOverride", Parsed(Name)),
            ("fullnameOverride", Parsed(Name)),
            ("hunt", Object(
                ("defaults", Nested("", Keys.All)),
                ("resources", Parsed(Resources)))),
            ("redis", Object(("address", Parsed("""{ "type": "string", "description": "Without a password: secrets.redis names the Secret that has it." }""")))),
            ("secrets", Object(("control", Parsed(Name)), ("redis", Parsed(Name)), ("postgresql", Parsed(Name)), ("kafka", Parsed(Name)))),
            ("bundled", Object(
                ("enabled", Parsed(Switch)),
                ("storage", Parsed("""{ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti)?$" }""")),
                ("images", Object(("redis", Parsed(Image)), ("kafka", Parsed(Image)), ("postgresql", Parsed(Image)))))),
            ("operator", Object(("replicas", Parsed(Whole(1, 9))), ("resources", Parsed(Resources)))),
            ("orchestrator", Object(("replicas", Parsed(Whole(1, 9))), ("resources", Parsed(Resources)))),
            ("podAnnotations", Parsed(Texts)),
            ("podLabels", Parsed("""{ "type": "object", "additionalProperties": { "type": "string" }, "propertyNames": { "not": { "pattern": "^(app\\.kubernetes\\.io|veltrix\\.dev)/" } } }""")),
            ("nodeSelector", Parsed(Texts)),
            ("tolerations", Parsed($$"""{ "type": "array", "items": {{OfKubernetes}} }""")),
            ("affinity", Parsed(OfKubernetes)),
            ("spread", Parsed("""{ "enum": ["ScheduleAnyway", "DoNotSchedule"] }""")),
            ("priorityClassName", Parsed(Name)),
            ("serviceAccount", Object(("annotations", Parsed(Texts)))),
            ("podDisruptionBudget", Object(("enabled", Parsed(Switch)))),
            ("networkPolicy", Object(("enabled", Parsed(Switch)), ("hunters", Parsed(Peers)), ("metrics", Parsed(Peers)))),
            ("monitoring", Object(
                ("enabled", Parsed(Switch)),
                ("interval", Parsed("""{ "type": "string", "pattern": "^[0-9]+(ms|s|m)$" }""")),
                ("labels", Parsed(Texts)),
                ("dashboards", Object(("enabled", Parsed(Switch)), ("labels", Parsed(Texts)))))),
            // What helm itself puts there for charts that include others.
            ("global", Parsed(OfKubernetes)));
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "Values of the chart veltrix" };
        foreach (var (name, value) in whole) schema[name] = value?.DeepClone();
        return schema.ToJsonString(ConfigSchema.Readable) + "\n";
    }

    /// <summary>An object whose members are the keys below a prefix, by group.</summary>
    static JsonObject Nested(string prefix, IEnumerable<Key> keys) => Object(
        [.. keys.GroupBy(key => key.Name[prefix.Length..].Split('.')[0]).Select(group =>
            (group.Key, group.FirstOrDefault(key => key.Name == prefix + group.Key) is { } whole ? Of(whole) : Nested($"{prefix}{group.Key}.", group)))]);

    /// <summary><c>--set</c> makes a text of a number with a fraction.</summary>
    static JsonObject Of(Key key)
    {
        var form = ConfigSchema.Of(key);
        if (key.Form is not Number) return form;
        var number = new JsonObject { ["type"] = "number", ["minimum"] = form["minimum"]!.DeepClone(), ["maximum"] = form["maximum"]!.DeepClone() };
        foreach (var member in (string[])["type", "minimum", "maximum"]) form.Remove(member);
        form.Insert(0, "anyOf", new JsonArray(number, Parsed("""{ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$" }""")));
        return form;
    }

    /// <summary>Helm prints no descriptions, and does print the names of members that are missing. So where the governor is off, a member is missing that is called like the reason.</summary>
    static JsonObject Reasoned(JsonObject governor)
    {
        governor["if"] = Parsed("""{ "properties": { "enabled": { "const": true } } }""");
        governor["else"] = Parsed("""{ "required": ["enabled: true (nothing else keeps a crowd from filling the store that all hunts share; to hold a limit by hand, set pin_limit of the hunt)"] }""");
        return governor;
    }

    static JsonObject Object(params (string Name, JsonNode Form)[] members) =>
        new() { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create<string, JsonNode?>(member.Name, member.Form))) };

    static JsonNode Parsed(string json) => JsonNode.Parse(json)!;
}
