using System.Text.Json.Nodes;

namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>The page and the schema are made from the declaration.</summary>
public sealed class DocumentTests
{
    [Fact]
    public void The_reference_page_is_what_the_declaration_makes_of_it() => Repository.IsWhatIsIn("docs/reference/config.md", ConfigPage.Markdown());

    [Fact]
    public void The_schema_is_what_the_declaration_makes_of_it() => Repository.IsWhatIsIn("docs/reference/hunt-config.schema.json", ConfigSchema.Json());

    [Fact]
    public void The_schema_of_the_chart_is_what_the_declaration_makes_of_it() => Repository.IsWhatIsIn("charts/veltrix/values.schema.json", ChartSchema.Json());

    [Fact]
    public void The_schema_of_the_chart_knows_every_key_nested_and_closes_every_object_that_is_ours()
    {
        var schema = JsonNode.Parse(ChartSchema.Json())!;

        foreach (var key in Keys.All) Assert.NotNull(Find(schema, ["hunt", "defaults", .. key.Name.Split('.')]));
        Assert.Null(Find(schema, ["hunt", "defaults", "max_concurrent_hunter"]));
        foreach (var part in Objects(schema).Where(part => part["properties"] is not null && part["type"] is not null)) Assert.False((bool)part["additionalProperties"]!);
        Assert.True((bool)Find(schema, ["governor", "enabled"])!["const"]!);
    }

    [Fact]
    public void The_page_has_a_row_for_every_key()
    {
        var page = File.ReadAllText(Repository.Path("docs/reference/config.md"));

        foreach (var key in Keys.All) Assert.Single(page.Split('\n'), line => line.StartsWith($"| `{key.Name}` |", StringComparison.Ordinal));
        foreach (var rule in Rule.All) Assert.Contains($"`{rule.Lower.Name}`", page.Split("## What must hold")[1].Split("\n## ")[0]);
    }

    [Fact]
    public void The_schema_knows_every_key_dotted_and_nested_and_no_other()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Repository.Path("docs/reference/hunt-config.schema.json")))!;

        foreach (var key in Keys.All)
        {
            Assert.NotNull(Find(schema, [key.Name]));
            Assert.NotNull(Find(schema, key.Name.Split('.')));
            var ofHunt = Resolve(schema, schema["properties"]!["hunts"]!["additionalProperties"]!);
            Assert.Equal(key.Reach == Reach.Hunt, Find(schema, [key.Name], ofHunt) is not null);
            Assert.Equal(key.Reach == Reach.Hunt, Find(schema, key.Name.Split('.'), ofHunt) is not null);
        }

        Assert.Null(Find(schema, ["max_concurrent_hunter"]));
        foreach (var part in Objects(schema).Where(part => part["properties"] is not null)) Assert.False((bool)part["additionalProperties"]!);
    }

    [Fact]
    public void The_example_of_the_page_has_no_faults_and_sets_what_it_shows()
    {
        using var settings = Settings.Of(ConfigPage.Example);

        Assert.Equal(20_000, settings.Get(Keys.MaxConcurrentHunters, "another"));
        Assert.Equal(3_000, settings.Get(Keys.MaxConcurrentHunters, "night-walk"));
        Assert.Equal(TimeSpan.FromMinutes(2), settings.Get(Keys.SeatGrace, "night-walk"));
        Assert.Equal("headroom, linear", settings.Get(Keys.Shadows));
    }

    static JsonNode? Find(JsonNode schema, string[] path, JsonNode? from = null)
    {
        var at = from ?? schema;
        foreach (var step in path)
        {
            if (at["properties"]?[step] is not { } next) return null;
            at = Resolve(schema, next);
        }

        return at;
    }

    static JsonNode Resolve(JsonNode schema, JsonNode part) => (string?)part["$ref"] is { } to ? schema["definitions"]![to["#/definitions/".Length..]]! : part;

    static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject whole => whole.SelectMany(member => Objects(member.Value)).Prepend(whole),
        JsonArray list => list.SelectMany(Objects),
        _ => [],
    };
}
