using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Veltrix.Hosting;

namespace Veltrix.Cli;

/// <summary>Options that mean the same in every verb.</summary>
static class SharedOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Write JSON for scripts." };

    public static Option<string> Data() => new("--data")
    {
        Description = "The data folder.",
        HelpName = "DIR",
        DefaultValueFactory = _ => DataHome.Default,
        CustomParser = result => Path.GetFullPath(result.Tokens[0].Value),
    };

    public static Option<string?> Config(string description) => new("--config")
    {
        Description = description,
        HelpName = "FILE",
        CustomParser = result => Path.GetFullPath(result.Tokens[0].Value),
    };

    public static Option<TimeSpan?> Span(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            if (Duration.TryParse(result.Tokens[0].Value, out var span)) return span;
            result.AddError($"{name} {result.Tokens[0].Value}: a length of time is a number and its unit, such as 20s, 5m or 1h30m.");
            return null;
        },
    };

    static readonly string[] Moments = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz"];

    /// <summary>A moment to come, given as such or as a length of time from now.</summary>
    public static Option<DateTimeOffset?> Until(string description) => new("--until")
    {
        Description = $"{description}: a moment such as 2026-12-01T20:30:00Z, or how long from now, such as 30m. Default: when somebody takes it back.",
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Duration.TryParse(text, out var span)) return DateTimeOffset.UtcNow + span;
            // With its offset: a bare 22:00 would be read as UTC, and a pin end hours away from what was meant.
            if (DateTimeOffset.TryParseExact(text, Moments, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)) return moment;
            result.AddError($"--until {text}: a moment is written with date and offset, as 2026-12-01T20:30:00Z or 2026-12-01T21:30+01:00; a length of time as 30m or 1h30m.");
            return null;
        },
    };

    /// <summary>A whole number within bounds that the error names.</summary>
    public static Option<int> Count(string name, string description, int least, int most, int standard) => new(name)
    {
        Description = $"{description} ({least:N0} to {most:N0})",
        HelpName = "N",
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            result.AddError($"{name} {text}: a whole number from {least} to {most} is needed.");
            return standard;
        },
    };

    /// <summary>The port of a second listener on 127.0.0.1. Not given: the usual one, or any free one where that is taken.</summary>
    public static Option<int> OpsPort(string what, int usual)
    {
        var option = Count("--ops-port", $"The port for {what}; 0 takes any free one. Default: {usual}, or any free one if that is taken.", 0, 65_535, usual);
        option.DefaultValueFactory = _ => IsFree(usual) ? usual : 0;
        return option;

        static bool IsFree(int port)
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    public static Option<int> Port(int standard) => Count("--port", "The port to listen on; 0 takes any free one.", 0, 65_535, standard);

    public static Option<string> Output() => new("--output", "-o") { Description = "The file to write; - is standard output.", HelpName = "FILE", DefaultValueFactory = _ => "-" };

    public static Argument<string> Hunt()
    {
        var hunt = new Argument<string>("hunt") { Description = "The hunt's id.", HelpName = "HUNT" };
        // A misspelt option would else be taken for the hunt.
        hunt.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.Tokens[0].Value.StartsWith('-')) result.AddError($"'{result.Tokens[0].Value}' is neither an option nor the id of a hunt.");
        });
        return hunt;
    }
}
