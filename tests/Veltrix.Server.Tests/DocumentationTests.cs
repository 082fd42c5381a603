using System.Reflection;
using System.Text.RegularExpressions;
using Veltrix.Hunts;
using Veltrix.Server.Live;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Tests;

/// <summary>The reference pages name every code that a client can meet.</summary>
public partial class DocumentationTests
{
    static readonly string Protocol = Repository.Text("docs/reference/protocol.md");
    static readonly string Http = Repository.Text("docs/reference/http.md");

    [Fact]
    public void The_protocol_lists_every_error_code()
    {
        var used = FaultCodes().Matches(Repository.ServerCode()).Select(m => m.Groups[1].Value).Distinct().Order().ToArray();
        Assert.Contains("TooFast", used);
        Assert.Equal(used, Listed(Protocol, "Error codes:").Order());
    }

    [Fact]
    public void The_protocol_lists_every_reason_for_which_an_answer_is_refused()
    {
        var code = Repository.Text("src/Veltrix.Hunts/Playing/Referee.cs");
        var submit = code[code.IndexOf("Submit(HuntState", StringComparison.Ordinal)..code.IndexOf("Adjust(HuntState", StringComparison.Ordinal)];
        var used = Reasons().Matches(submit).Select(m => m.Groups[1].Value).Distinct().Order().ToArray();
        Assert.NotEmpty(used);
        Assert.Equal(used, Listed(Protocol, "Reasons of a refusal:").Order());
    }

    [Fact]
    public void Every_refusal_has_its_place_in_one_of_the_two_pages()
    {
        foreach (var reason in Enum.GetNames<Refusal>().Except([nameof(Refusal.Unspecified), nameof(Refusal.NotPublished), nameof(Refusal.AlreadyJoined)]))
            Assert.True(Protocol.Contains($"`{reason}`") || Http.Contains($"`{reason}`"), $"{reason} is in neither protocol.md nor http.md");
    }

    [Fact]
    public void The_protocol_lists_every_close_code_with_its_name()
    {
        foreach (var code in Codes())
            Assert.Contains(Protocol.Split('\n'), line => line.StartsWith($"| {code.Code} | {code.Name}", StringComparison.Ordinal));
    }

    [Fact]
    public void Close_reasons_fit_into_a_close_frame_and_codes_say_whether_to_come_back()
    {
        foreach (var code in Codes())
        {
            Assert.InRange(code.Reason().Length, 1, 123);
            Assert.Equal(code.Code is 1012 or 1013 or (>= 4000 and < 4500), code.SpreadMs > 0);
        }
    }

    [Fact]
    public void Limits_in_the_text_are_those_of_the_code()
    {
        Assert.Contains($"at most **{ClientFrame.BytesMax:N0} bytes**", Protocol);
        Assert.Contains($"limited to {Pace.PerSecond} submissions a second with a burst of {Pace.Burst}", Protocol);
        Assert.Contains($"up to {Outbox.FramesMax} frames a socket", Protocol);
    }

    static IEnumerable<CloseCode> Codes() => typeof(CloseCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (CloseCode)f.GetValue(null)!);

    /// <summary>The names in backticks on the line that begins so.</summary>
    static IEnumerable<string> Listed(string page, string beginning) =>
        Names().Matches(page.Split('\n').Single(line => line.StartsWith(beginning, StringComparison.Ordinal))).Select(m => m.Groups[1].Value);

    // A fault is written new("Code", "message …") or new FrameFault("Code", …).
    [GeneratedRegex("""new(?: FrameFault)?\(\s*"([A-Z][A-Za-z0-9]+)",\s*\$?"[a-z{]""")]
    private static partial Regex FaultCodes();

    [GeneratedRegex(@"Refusal\.([A-Za-z]+)")]
    private static partial Regex Reasons();

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex Names();
}
