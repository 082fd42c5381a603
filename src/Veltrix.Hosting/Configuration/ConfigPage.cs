using System.Text;

namespace Veltrix.Hosting;

/// <summary><c>docs/reference/config.md</c>, made from the declaration. A test compares the file with this, and writes it anew when it is asked to.</summary>
public static class ConfigPage
{
    /// <summary>Where the page is, for messages.</summary>
    public const string Path = "docs/reference/config.md";

    /// <summary>A <c>hunt-config.yml</c> to start from. It reads without faults.</summary>
    public const string Example = """
        # Defaults for every hunt of this server. It is read again while hunts are live.
        max_concurrent_hunters: 20000

        governor:
          redis_memory: { soft: 0.75, critical: 0.85 }
          shadows: [headroom, linear]
        governor.tick: 5s              # a dotted name means the same as nested maps

        board_cadence: 1s
        join.guard: auto

        hunts:
          night-walk:                  # for this hunt only
            max_concurrent_hunters: 3000
            seat: { grace: 2m }

        """;

    /// <summary>Titles, each with the first key below it in the order of the declaration.</summary>
    static readonly (string Title, Key First)[] groups =
    [
        ("Who may play", Keys.MaxConcurrentHunters),
        ("How the governor decides", Keys.Policy),
        ("Parameters of the policies", Keys.ForecastNoiseMargin),
        ("Brownout: cheaper service before fewer hunters", Keys.Brownout),
        ("Seats and the waiting room", Keys.SeatGrace),
        ("Stores and machines", Keys.RedisBudget),
        ("Logs on Kafka", Keys.KafkaServers),
    ];

    public static string Markdown()
    {
        var most = FormattableString.Invariant($"{ConfigFile.BytesMax:N0}");
        var page = new StringBuilder($"""
            # Settings

            <!-- Made from src/Veltrix.Hosting/Configuration/Keys.cs. Do not edit: CONTRIBUTING.md says how it is written anew. -->

            Every setting there is, with its default. Nothing else limits a hunt, and nothing here is frozen while one is live, but for where its [logs](../operate/kafka.md) are.

            ## Layers

            A value comes from the highest layer that has one. `veltrix config explain KEY --hunt ID` shows which that is, and what those below it say.

            | layer | where | who |
            | --- | --- | --- |
            | override | `veltrix config set KEY VALUE --hunt ID --why TEXT --until 30m`, or [`POST /v1/hunts/ID/settings`](http.md) | an organiser, for one hunt; it is in the hunt's [ledger](ledger.md) with who and why, and ends by itself |
            | cluster | on Kubernetes: a Hunt's `spec.overrides` and the maps of overrides ([which wins](kubernetes-objects.md#which-value-wins)) | whoever may change those objects |
            | definition | `settings:` in [the hunt file](../author/hunt-file.md) | the hunt's author |
            | file | `{ConfigFile.DefaultName}`, first below `hunts: ID:`, then for all | the operator |
            | default | this page | built in |

            Keys *for the process* are taken from the file only. The governor's own results (the limit of the moment) are no settings, and no layer.

            ## The file

            `{ConfigFile.DefaultName}` lies in the data folder, or where `--config FILE` says. Nested maps and dotted names mean the same.

            ```yaml
            {Example}```

            - It is watched. What is new acts within three seconds, also when the file is replaced, renamed over, or a symbolic link to another one.
            - A file with a fault is not taken: what was read before goes on. The log, `veltrix config status` and the metric `veltrix_config_last_reload_successful` say so. At the start of a server a fault
              stops the start. If the file goes away, what it said goes on until the process ends.
            - `veltrix config validate FILE` names all faults at once, with line, column and remedy. Editors know the keys with
              [the schema](hunt-config.schema.json): `# yaml-language-server: $schema=https://veltrix.dev/schemas/hunt-config.schema.json`.
            - It has at most {most} bytes. YAML's anchors, aliases and tags are not used.
            - Lengths of time are numbers with units: `500ms`, `20s`, `5m`, `1h30m`.

            ## What must hold between keys


            """);
        foreach (var rule in Rule.All) page.Append($"- `{rule.Lower.Name}` is {(rule.MayBeEqual ? "at most" : "below")} `{rule.Upper.Name}`\n");
        page.Append("""

            A change that breaks one of these is refused. Where an override ends and would leave such a pair broken, both keys are taken from the layers below.

            """);

        foreach (var (title, keys) in Groups())
        {
            page.Append($"\n## {title}\n\n| key | unit | default | allowed | for | acts | |\n| --- | --- | --- | --- | --- | --- | --- |\n");
            foreach (var key in keys)
                page.Append($"| `{key.Name}` | {key.Unit} | `{key.DefaultText}` | {key.RangeText} | {Words(key.Reach)} | {Words(key.Acts)} | {key.Sentence} |\n");
        }

        return page.ToString().ReplaceLineEndings("\n");
    }

    public static string Words(Reach reach) => reach == Reach.Hunt ? "each hunt" : "the process";

    public static string Words(Acts acts) => acts switch { Acts.AtOnce => "at once", Acts.OnNewSessions => "on new sessions", _ => "at the next start" };

    /// <summary>Every key below one title.</summary>
    static IEnumerable<(string Title, IReadOnlyList<Key> Keys)> Groups()
    {
        var begins = groups.Select(group => Keys.All.Index().First(key => key.Item == group.First).Index).Append(Keys.All.Count).ToList();
        return groups.Select((group, i) => (group.Title, (IReadOnlyList<Key>)[.. Keys.All.Take(begins[i]..begins[i + 1])]));
    }
}
