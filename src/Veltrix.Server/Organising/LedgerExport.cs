using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Veltrix.EventLog;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Proto = Veltrix.Wire.Ledger;

namespace Veltrix.Server.Organising;

/// <summary>
/// The ledger as NDJSON: one line a decision that counts. Names and members of facts are those of <c>ledger.proto</c>, read from its descriptors, so a new fact needs no code here.
/// </summary>
public static class LedgerExport
{
    /// <summary>Writes the decisions after a position up to the ledger's end as it is now.</summary>
    public static async Task Write(IEventLog ledger, long after, Stream output, CancellationToken cancel)
    {
        var end = ledger.End;
        // From the beginning, whatever was asked for: which records count depends on all before them.
        using var reader = ledger.Read(IEventLog.Start);
        LedgerGate gate = default;
        await using var writer = new StreamWriter(output, leaveOpen: true);
        while (reader.ReadAvailable(1024) is { Count: > 0 } batch)
        {
            foreach (var entry in batch)
            {
                if (entry.Position > end) return;
                var record = LedgerCodec.Decode(entry.Payload);
                if (gate.Admits(entry.Position, record) && entry.Position > after) await writer.WriteLineAsync(Line(entry.Position, (LedgerRecord.Decided)record).ToJsonString());
            }

            await writer.FlushAsync(cancel);
        }
    }

    /// <summary>The facts of a decision, each with its name under <c>fact</c>.</summary>
    public static IEnumerable<JsonObject> Facts(LedgerRecord.Decided decided)
    {
        foreach (var wire in LedgerCodec.ToWire(decided).Facts)
        {
            var kind = Proto.Fact.Descriptor.Oneofs[0].Accessor.GetCaseFieldDescriptor(wire);
            var members = (IMessage)kind.Accessor.GetValue(wire);
            var json = new JsonObject { ["fact"] = members.Descriptor.Name };
            foreach (var field in members.Descriptor.Fields.InDeclarationOrder()) json[field.Name] = Value(field, members);
            yield return json;
        }
    }

    static JsonObject Line(long position, LedgerRecord.Decided decided) => new()
    {
        ["position"] = position,
        ["time"] = decided.TimeMs,
        ["epoch"] = decided.Epoch,
        ["command"] = new JsonObject
        {
            ["position"] = decided.CommandPosition, ["id"] = decided.Id.Hunter.Length > 0 ? decided.Id.ToString() : null, ["who"] = decided.Who, ["why"] = decided.Why,
        },
        ["facts"] = new JsonArray([.. Facts(decided)]),
    };

    static JsonNode? Value(FieldDescriptor field, IMessage message) => field.HasPresence && !field.Accessor.HasValue(message) ? null : field.Accessor.GetValue(message) switch
    {
        string text => JsonValue.Create(text),
        long number => JsonValue.Create(number),
        int number => JsonValue.Create(number),
        bool truth => JsonValue.Create(truth),
        Enum name => JsonValue.Create(name.ToString()),
        var other => throw new NotSupportedException($"{field.FullName}: no JSON form for {other?.GetType().Name}"),
    };
}
