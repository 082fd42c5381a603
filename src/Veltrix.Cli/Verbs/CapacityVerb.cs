using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Veltrix.Cli.Capacities;

namespace Veltrix.Cli.Verbs;

static class CapacityVerb
{
    public static Verb Make(Terminal terminal)
    {
        var hunters = SharedOptions.Count("--hunters", "Seated and connected at once", 1, 1_000_000_000, 50_000);
        var hunts = SharedOptions.Count("--hunts", "Hunts that share them", 1, 100_000, 1);
        var rate = new Option<double>("--rate") { Description = "Submissions per second of each hunter.", HelpName = "R", DefaultValueFactory = _ => 0.02 };
        rate.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 5)) result.AddError("--rate: 0 to 5 a second; a server takes no more of one hunter.");
        });
        var cadence = SharedOptions.Span("--cadence", "Time between two boards of a hunter. Default: 1s.");
        var rush = SharedOptions.Span("--rush", "How long they take to come. Default: 60s.");
        var cores = SharedOptions.Count("--cores", "Processors of a server's machine", 1, 256, 4);
        var sockets = SharedOptions.Count("--sockets", "Connections of one server: nine tenths of the files it may open", 100, 1_000_000, 18_000);
        var json = SharedOptions.Json();
        var verb = new Verb("capacity", "Reckon what a crowd needs: servers, partitions, memory, network, and what breaks first.",
            "veltrix capacity --hunters 50000", "veltrix capacity --hunters 5000000 --hunts 100 --cadence 3s --cores 8 --sockets 60000 --json")
        { hunters, hunts, rate, cadence, rush, cores, sockets, json };
        verb.SetAction(parsed =>
        {
            var demand = new Demand(
                parsed.GetValue(hunters), parsed.GetValue(hunts), parsed.GetValue(rate), parsed.GetValue(cadence) ?? TimeSpan.FromSeconds(1), parsed.GetValue(rush) ?? TimeSpan.FromSeconds(60),
                parsed.GetValue(cores), parsed.GetValue(sockets));
            if (demand.Cadence <= TimeSpan.Zero || demand.Rush <= TimeSpan.Zero) throw new CliException(ExitCode.Usage, "--cadence and --rush are longer than nothing.");
            var need = Need.Of(demand);
            if (parsed.GetValue(json)) terminal.Json(need.ToJson());
            else Show(terminal, need);
            return ExitCode.Done;
        });
        return verb;
    }

    static void Show(Terminal terminal, Need need)
    {
        var demand = need.Asked;
        var table = new Table { Border = TableBorder.None, ShowHeaders = false }.AddColumns("", "", "");
        if (need.Servers == 0)
            throw new CliException(
                ExitCode.Failed, $"No number of servers with {demand.Cores} cores is enough: each folds every decision of its hunts, and that alone takes more.", "More hunts (--hunts), so that groups of servers share them, or more --cores.");
        Row("servers", $"{need.Servers:N0}", $"of {demand.Cores} cores, one to spare in each group");
        foreach (var reason in need.Reasons) Row($"  for {reason.What}", $"{reason.Servers:N0}", $"{reason.Why}");
        Row("processors", $"{need.ServerCores:0.0}", $"cores of all servers together, while all play");
        Row("groups", $"{need.Groups:N0}", $"of servers, each with hunts of its own, its Kafka and its Redis");
        Row("partitions", $"{2 * demand.Hunts:N0}", $"two a hunt: submissions and ledger");
        Row("memory of a server", $"{Need.Bytes(need.ServerBytes)}", $"in the rush, with one server gone");
        Row("Redis", $"{Need.Bytes(need.RedisBytes)}", $"at most 80 % of its maxmemory; {need.RedisJoinsPerSecond:N0} joins a second");
        Row("network", $"{Need.Bytes(need.NetworkOutBytes)}/s", $"to hunters, all servers together");
        Row("logs", $"{Need.Bytes(need.LogBytesPerSecond)}/s", $"{Need.Bytes(need.LogBytesPerDay)} a day of it, times the copies");
        terminal.Rich.Write(table);
        var first = need.Strains[0];
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Breaks first: {first.What}, at {first.Share:P0} of what it bears. {char.ToUpperInvariant(first.Remedy[0])}{first.Remedy[1..]}."));
        terminal.Out.WriteLine(need.IsSeen
            ? "Costs and sizes are measured (docs/operate/capacity.md), on another machine than yours."
            : string.Create(CultureInfo.InvariantCulture, $"Costs are measured with up to {Costs.HuntersSeen:N0} hunters in one hunt; what is above that is reckoned from them and was not seen by anybody."));

        void Row(string name, FormattableString value, FormattableString remark) =>
            table.AddRow(name, value.ToString(CultureInfo.InvariantCulture), Markup.Escape(remark.ToString(CultureInfo.InvariantCulture)));
    }
}
