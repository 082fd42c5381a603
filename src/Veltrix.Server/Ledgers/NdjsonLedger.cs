using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Server.Ledgers;

/// <summary>
/// The form for people and tools: a line of JSON for each decision. What the export says of itself is a member of the first line, so that every line is a decision for whoever reads
/// nothing else.
/// </summary>
static class NdjsonLedger
{
    public sealed class Writer(Stream output) : ILedgerWriter
    {
        static readonly JsonSerializerOptions Options = new();

        ExportHeader? first;

        // What begins after a position is the tail of a file, each line as it is there.
        public void Begin(ExportHeader header) => first = header.After == 0 ? header : null;

        public void Add(Exported record)
        {
            var line = Line(record);
            if (first is { } header) line["export"] = Json(header);
            first = null;
            using (var json = new Utf8JsonWriter(output)) line.WriteTo(json, Options);
            output.WriteByte((byte)'\n');
        }

        public void End()
        {
        }

        public void Dispose()
        {
        }
    }

    public static (ExportHeader Header, IEnumerable<Exported> Records) Read(Stream stream, string path)
    {
        var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var first = Parse(reader, path, 1, line => line) ?? throw new LedgerFileException($"{path} is empty.", "Export the hunt again: a hunt that was published has a ledger.");
        if (first["export"] is not JsonObject)
            throw new LedgerFileException($"{path}, line 1: it does not say what it is an export of (the member 'export' is missing): its beginning was cut off, or it is something else.",
                "Export the whole hunt with 'veltrix ledger export'.");
        var header = Parse(path, 1, () => Header(path, first["export"]!));
        return (header, Records(reader, path, first));
    }

    static IEnumerable<Exported> Records(StreamReader reader, string path, JsonNode first)
    {
        yield return Parse(path, 1, () => Record(first));
        for (var number = 2L; Parse(reader, path, number, Record) is { Decided: not null } record; number++) yield return record;
    }

    static JsonObject Line(Exported record)
    {
        var decided = record.Decided;
        var command = new JsonObject
        {
            ["position"] = decided.CommandPosition, ["previous"] = decided.Previous, ["id"] = decided.Id.Hunter.Length > 0 ? decided.Id.ToString() : null, ["who"] = decided.Who, ["why"] = decided.Why,
        };
        // Organisers' commands have no id that anybody could repeat, only a name by which their sender waited.
        if (decided.Id is { Hunter.Length: 0, Instance.Length: > 0 }) (command["instance"], command["seq"]) = (decided.Id.Instance, decided.Id.Seq);
        return new JsonObject
        {
            ["position"] = record.Position, ["time"] = decided.TimeMs, ["epoch"] = decided.Epoch, ["command"] = command, ["facts"] = new JsonArray([.. FactJson.Of(decided)]),
        };
    }

    static Exported Record(JsonNode line)
    {
        var command = line["command"]!;
        var id = command["id"]?.GetValue<string>() is { } text ? Id(text)
            : command["instance"] is { } instance ? new CommandId("", instance.GetValue<string>(), command["seq"]!.GetValue<long>()) : CommandId.None;
        var wire = LedgerCodec.ToWire(new LedgerRecord.Decided(
            line["epoch"]!.GetValue<long>(), command["previous"]!.GetValue<long>(), command["position"]!.GetValue<long>(), line["time"]!.GetValue<long>(), id,
            command["who"]!.GetValue<string>(), command["why"]!.GetValue<string>(), []));
        foreach (var fact in line["facts"]!.AsArray()) wire.Facts.Add(FactJson.Read(fact!.AsObject()));
        return new Exported(line["position"]!.GetValue<long>(), LedgerCodec.FromWire(wire));
    }

    // hunter.instance.seq: the instance is its client's word and may have dots.
    static CommandId Id(string text)
    {
        var (instance, seq) = (text.IndexOf('.') + 1, text.LastIndexOf('.') + 1);
        return instance > 1 && seq > instance ? new CommandId(text[..(instance - 1)], text[instance..(seq - 1)], long.Parse(text.AsSpan(seq))) : throw new InvalidDataException($"'{text}' is no id of a command");
    }

    static JsonObject Json(ExportHeader header) => new()
    {
        ["version"] = header.Version, ["hunt"] = header.Hunt, ["program"] = header.Program, ["position"] = header.Position, ["time"] = header.TimeMs, ["after"] = header.After,
    };

    static ExportHeader Header(string path, JsonNode json)
    {
        var (version, program) = (json["version"]!.GetValue<int>(), json["program"]!.GetValue<string>());
        LedgerFile.CheckVersion(path, version, program);
        return new ExportHeader(version, json["hunt"]!.GetValue<string>(), program, json["position"]!.GetValue<long>(), json["time"]!.GetValue<long>(), json["after"]!.GetValue<long>());
    }

    /// <summary>The next line, as whatever it is read as; the default where there is none.</summary>
    static T? Parse<T>(StreamReader reader, string path, long number, Func<JsonNode, T> read) =>
        Parse(path, number, () => reader.ReadLine() is { } line ? read(JsonNode.Parse(line) ?? throw new JsonException("null")) : default);

    static T Parse<T>(string path, long number, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException error)
        {
            throw new LedgerFileException($"{path}, line {number}: {error.Message}.", "Import it with the version that wrote it, or a newer one.", error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException or NullReferenceException or DecoderFallbackException)
        {
            throw new LedgerFileException($"{path}, line {number}: it is damaged, or no record of a ledger ({error.Message.TrimEnd('.')}).", "Export the hunt again, or take another backup.", error);
        }
    }
}
