using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Veltrix.Hosting;

/// <summary>
/// <c>docs/reference/hunt-config.schema.json</c>, made from the declaration: JSON schema, draft 7. Every object names all its keys, nested and dotted, and allows no others.
/// A key is defined once, a group once for the top level and once for the sections of hunts, which have no keys of the process.
/// </summary>
public static class ConfigSchema
{
    internal static JsonSerializerOptions Readable { get; } = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static string Json()
    {
        var hunts = Keys.All.Where(key => key.Reach == Reach.Hunt).ToList();
        var definitions = new JsonObject();
        foreach (var key in Keys.All) definitions[key.Name] = Of(key);
        foreach (var group in GroupsOf(Keys.All)) definitions[group] = Members(group + ".", Keys.All, "");
        foreach (var group in GroupsOf(hunts)) definitions["hunt:" + group] = Members(group + ".", hunts, "hunt:");
        definitions["hunt:"] = Members("", hunts, "hunt:");

        var schema = Members("", Keys.All, "");
        schema["properties"]!["hunts"] = new JsonObject
        {
            ["description"] = "Settings of single hunts, below their ids.",
            ["type"] = "object",
            ["propertyNames"] = new JsonObject { ["pattern"] = "^[a-z][a-z0-9-]{0,47}$" },
            ["additionalProperties"] = Reference("hunt:"),
        };
        var whole = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["$id"] = "https://veltrix.dev/schemas/hunt-config.schema.json",
            ["title"] = ConfigFile.DefaultName,
            ["description"] = "Settings of Veltrix; see docs/reference/config.md.",
        };
        foreach (var (name, value) in schema) whole[name] = value?.DeepClone();
        // A file of comments only.
        whole["type"] = new JsonArray("object", "null");
        whole["definitions"] = definitions;
        return whole.ToJsonString(Readable) + "\n";
    }

    /// <summary>An object whose members are the keys below a prefix: by their whole remaining name, and by group.</summary>
    static JsonObject Members(string prefix, IReadOnlyList<Key> keys, string variant)
    {
        var properties = new JsonObject();
        foreach (var key in keys.Where(key => key.Name.StartsWith(prefix, StringComparison.Ordinal))) properties[key.Name[prefix.Length..]] = Reference(key.Name);
        foreach (var group in GroupsOf(keys).Where(group => group.StartsWith(prefix, StringComparison.Ordinal))) properties[group[prefix.Length..]] = Reference(variant + group);
        return new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }

    /// <summary>Every prefix of a name that ends before a dot.</summary>
    static IEnumerable<string> GroupsOf(IReadOnlyList<Key> keys) =>
        keys.SelectMany(key => key.Name.Index().Where(letter => letter.Item == '.').Select(letter => key.Name[..letter.Index])).Distinct();

    static JsonObject Reference(string definition) => new() { ["$ref"] = "#/definitions/" + definition };

    internal static JsonObject Of(Key key)
    {
        var form = Form(key.Form);
        form["description"] = $"{key.Sentence} ({key.Unit}; {key.RangeText}; for {ConfigPage.Words(key.Reach)}; acts {ConfigPage.Words(key.Acts)})";
        form["default"] = key.DefaultValue switch { long whole => whole, double real => real, bool flag => flag, _ => key.DefaultText };
        return form;
    }

    const string NetworkPattern = "[0-9a-fA-F.:]+(/[0-9]{1,3})?";

    static JsonObject Form(object notation) => notation switch
    {
        WholeNumber form => new() { ["type"] = "integer", ["minimum"] = form.Least, ["maximum"] = form.Most },
        WholeNumberOrNone form => new() { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = form.Least, ["maximum"] = form.Most }, new JsonObject { ["const"] = "none" }) },
        Number form => new() { ["type"] = "number", ["minimum"] = form.Least, ["maximum"] = form.Most },
        Span => new() { ["type"] = "string", ["pattern"] = @"^([0-9]{1,12}(\.[0-9]{1,6})?(ms|s|m|h|d))+$" },
        Switch => new() { ["enum"] = new JsonArray(true, false, "on", "off") },
        OneOf form => new() { ["enum"] = Names(form.Names) },
        SomeOf form => new()
        {
            ["oneOf"] = new JsonArray(
                new JsonObject { ["type"] = "array", ["uniqueItems"] = true, ["items"] = new JsonObject { ["enum"] = Names(form.Names) } },
                new JsonObject { ["type"] = "string", ["pattern"] = $"^(none|({string.Join('|', form.Names)})(, *({string.Join('|', form.Names)}))*)$" }),
        },
        SomeNetworks => new()
        {
            ["oneOf"] = new JsonArray(
                new JsonObject { ["type"] = "array", ["uniqueItems"] = true, ["items"] = new JsonObject { ["type"] = "string", ["pattern"] = $"^{NetworkPattern}$" } },
                new JsonObject { ["type"] = "string", ["pattern"] = $"^(none|{NetworkPattern}(, *{NetworkPattern})*)$" }),
        },
        FreeText form => new() { ["type"] = "string", ["pattern"] = form.MayBeNone ? $"^(none|{form.Pattern})$" : $"^{form.Pattern}$", ["examples"] = new JsonArray(form.Example) },
        FilePath => new() { ["type"] = "string", ["maxLength"] = FilePath.LengthMax },
        ConnectionText => new()
        {
            ["oneOf"] = new JsonArray(
                new JsonObject { ["const"] = ConnectionText.Embedded },
                new JsonObject { ["type"] = "string", ["pattern"] = "(^|;) *[Hh][Oo][Ss][Tt] *=", ["maxLength"] = ConnectionText.LengthMax }),
        },
        _ => throw new NotSupportedException($"no schema for {notation.GetType().Name}; add it here"),
    };

    static JsonArray Names(string[] names) => [.. names.Select(name => (JsonNode)name)];
}
