using Veltrix.Hunts;
using Veltrix.Server.Scoring;
using Veltrix.Server.Submissions;
using Proto = Veltrix.Wire.Ledger;

namespace Veltrix.Server.Tests.Scoring;

/// <summary>Whatever can be wanted or happen has bytes, and comes back from them the same.</summary>
public class CodecTests
{
    public static IEnumerable<Type> Commands => Kinds(typeof(Command));

    public static IEnumerable<Type> Facts => Kinds(typeof(Fact));

    static readonly TeamChoice[] Choices = [new TeamChoice.Alone(), new TeamChoice.Found("Owls", "CODE"), new TeamChoice.ByInvite("CODE")];

    [Fact]
    public void Every_command_comes_back_from_its_bytes()
    {
        var choice = 0;
        foreach (var kind in Commands.SelectMany(kind => kind == typeof(Command.Join) ? Choices.Select(_ => kind) : [kind]))
        {
            var command = (Command)Make(kind, type => type == typeof(TeamChoice) ? Choices[choice++] : null);
            foreach (var at in new long?[] { null, 0, 1_764_000_000_000 })
            {
                var envelope = new Envelope(new CommandId("hunter", "tab", 7), "who", "why", at, command);
                Assert.Equal(envelope, CommandCodec.Decode(CommandCodec.Encode(envelope)));
            }
        }

        Assert.Equal(Choices.Length, choice);
        Assert.Equal(Kinds(typeof(TeamChoice)).Count(), Choices.Length);
    }

    [Fact]
    public void Every_fact_comes_back_from_its_bytes()
    {
        foreach (var kind in Facts)
        {
            var fact = (Fact)Make(kind, _ => null);
            var decided = new LedgerRecord.Decided(3, 4, 5, 6, new CommandId("hunter", "tab", 7), "who", "why", [fact, fact]);
            var back = Assert.IsType<LedgerRecord.Decided>(LedgerCodec.Decode(LedgerCodec.Encode(decided)));
            Assert.Equal(decided with { Facts = back.Facts }, back);
            Assert.Equal(decided.Facts.AsEnumerable(), back.Facts);
        }
    }

    [Fact]
    public void An_override_without_an_end_has_none_when_it_comes_back()
    {
        var envelope = Envelope.Of(CommandId.None, new Command.SetOverride("key", "value", null));
        Assert.Equal(envelope, CommandCodec.Decode(CommandCodec.Encode(envelope)));
        var decided = new LedgerRecord.Decided(3, 4, 5, 6, CommandId.None, "who", "why", [new Fact.SettingOverridden("key", "", null), new Fact.SettingOverridden("key", "", 0)]);
        Assert.Equal(decided.Facts.AsEnumerable(), Assert.IsType<LedgerRecord.Decided>(LedgerCodec.Decode(LedgerCodec.Encode(decided))).Facts);
    }

    [Fact]
    public void Signs_of_life_come_back_from_their_bytes()
    {
        LedgerRecord[] records = [new LedgerRecord.Took("server"), new LedgerRecord.Heartbeat(12, 34), new LedgerRecord.Heartbeat(12, 35, IsLast: true)];
        foreach (var record in records) Assert.Equal(record, LedgerCodec.Decode(LedgerCodec.Encode(record)));
        Assert.Equal(Kinds(typeof(LedgerRecord)).Count(), records.Select(record => record.GetType()).Distinct().Count() + 1);
    }

    /// <summary>The enum is cast to the wire's number for number.</summary>
    [Fact]
    public void Reasons_of_refusals_have_the_names_and_numbers_of_the_wire() =>
        Assert.Equal(
            Enum.GetValues<Proto.Refusal>().Select(r => (r.ToString(), (int)r)),
            Enum.GetValues<Refusal>().Select(r => (r.ToString(), (int)r)));

    [Fact]
    public void Bytes_that_are_no_record_are_named_as_such()
    {
        foreach (var bytes in new byte[][] { [0xFF], [], "hello"u8.ToArray() })
        {
            Assert.Throws<InvalidDataException>(() => CommandCodec.Decode(bytes));
            Assert.Throws<InvalidDataException>(() => LedgerCodec.Decode(bytes));
        }
    }

    static IEnumerable<Type> Kinds(Type family) => family.GetNestedTypes().Where(t => t.IsSubclassOf(family));

    /// <summary>One of a record, with a value of its own in every member.</summary>
    static object Make(Type kind, Func<Type, object?> special)
    {
        var constructor = kind.GetConstructors().Single();
        var salt = 0;
        return constructor.Invoke([.. constructor.GetParameters().Select(p => special(p.ParameterType) ?? Value(p.ParameterType))]);

        object Value(Type type) =>
            type == typeof(string) ? $"text {++salt} ✓"
            : type == typeof(int) ? 1000 + ++salt
            : type == typeof(long) ? 10_000_000_000L + ++salt
            : type == typeof(long?) ? 20_000_000_000L + ++salt
            : type == typeof(bool) ? true
            : type == typeof(Refusal) ? Refusal.OutOfRange
            : throw new NotSupportedException($"{kind.Name}: no example of {type.Name}; add one here");
    }
}
