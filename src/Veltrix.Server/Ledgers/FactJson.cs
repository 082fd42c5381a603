using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Proto = Veltrix.Wire.Ledger;

namespace Veltrix.Server.Ledgers;

/// <summary>Facts as JSON and back. Names and members are those of <c>ledger.proto</c>, read from its descriptors, so a new fact needs no code here.</summary>
public static class FactJson
{
    const string Name = "fact";

    static readonly Dictionary<string, FieldDescriptor> Kinds = Proto.Fact.Descriptor.Oneofs[0].Fields.ToDictionary(field => field.MessageType.Name);

    /// <summary>The facts of a decision, each with its name under <c>fact</c>.</summary>
    public static IEnumerable<JsonObject> Of(LedgerRecord.Decided decided)
    {
        foreach (var wire in LedgerCodec.ToWire(decided).Facts)
        {
            var members = (IMessage)Proto.Fact.Descriptor.Oneofs[0].Accessor.GetCaseFieldDescriptor(wire).Accessor.GetValue(wire);
            var json = new JsonObject { [Name] = members.Descriptor.Name };
            foreach (var field in members.Descriptor.Fields.InDeclarationOrder()) json[field.Name] = Value(field, members);
            yield return json;
        }
    }

    /// <summary>A member that is absent has its default: it was added after the file was written.</summary>
    /// <exception cref="InvalidDataException">A fact or a member that this version does not know.</exception>
    /// <exception cref="InvalidOperationException">A value of another kind than the member's.</exception>
    internal static Proto.Fact Read(JsonObject json)
    {
        var name = json[Name]?.GetValue<string>() ?? throw new InvalidDataException("a fact has no name");
        if (!Kinds.TryGetValue(name, out var kind)) throw new InvalidDataException($"the fact '{name}' is none that this version knows");
        var members = kind.MessageType.Parser.ParseFrom(ByteString.Empty);
        foreach (var (member, value) in json)
        {
            if (member == Name) continue;
            var field = kind.MessageType.FindFieldByName(member) ?? throw new InvalidDataException($"the fact '{name}' has a member '{member}' that this version does not know");
            if (value is not null) field.Accessor.SetValue(members, Value(field, members, value));
        }

        var fact = new Proto.Fact();
        kind.Accessor.SetValue(fact, members);
        return fact;
    }

    static JsonNode? Value(FieldDescriptor field, IMessage message) => field.HasPresence && !field.Accessor.HasValue(message) ? null : field.Accessor.GetValue(message) switch
    {
        string text => JsonValue.Create(text),
        long number => JsonValue.Create(number),
        int number => JsonValue.Create(number),
        bool truth => JsonValue.Create(truth),
        Enum name => JsonValue.Create(name.ToString()),
        var other => throw new NotSupportedException($"{field.FullName}: no JSON form for {other?.GetType().Name}"),
    };

    static object Value(FieldDescriptor field, IMessage message, JsonNode value) => field.Accessor.GetValue(message) switch
    {
        string => value.GetValue<string>(),
        long => value.GetValue<long>(),
        int => value.GetValue<int>(),
        bool => value.GetValue<bool>(),
        Enum known => Enum.TryParse(known.GetType(), value.GetValue<string>(), out var read) && Enum.IsDefined(known.GetType(), read!)
            ? read! : throw new InvalidDataException($"{field.Name} '{value}' is none that this version knows"),
        var other => throw new NotSupportedException($"{field.FullName}: no JSON form for {other?.GetType().Name}"),
    };
}
