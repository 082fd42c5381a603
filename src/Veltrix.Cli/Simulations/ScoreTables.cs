using System.Globalization;
using Spectre.Console;
using Veltrix.Governor.Simulation;

namespace Veltrix.Cli;

/// <summary>Scores for people.</summary>
static class ScoreTables
{
    /// <summary>A row for each scenario and policy: over several seeds the worst peaks, and means of the rest.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<(Scores Run, Scores Ungoverned)> runs)
    {
        var table = New("scenario", "policy", "peak memory", "peak lag", "s over", "freezes", "reversals", "player-minutes", "wait mean", "p95", "lowest limit");
        foreach (var group in runs.GroupBy(run => (run.Run.Scenario, run.Run.Policy)))
        {
            Row(table, group.Key.Scenario, group.Key.Policy,
                Marked($"{100 * group.Max(run => run.Run.PeakMemory):0.0} %", group.Max(run => run.Run.PeakMemory) > 0.85),
                Marked($"{group.Max(run => run.Run.PeakLag):N0}", group.Max(run => run.Run.PeakLag) > 2000),
                Plain($"{group.Average(run => run.Run.SecondsOver):N0}"),
                Marked($"{group.Average(run => run.Run.Freezes):0.0}", group.Average(run => run.Run.Freezes) >= 2),
                Plain($"{group.Average(run => run.Run.Reversals):0.#}"),
                Plain($"{100 * group.Average(run => run.Run.PlayerMinutesRatio(run.Ungoverned)):0.0} %"),
                Plain($"{group.Average(run => run.Run.WaitMean):0} s"),
                Plain($"{group.Average(run => run.Run.WaitP95):0} s"),
                Plain($"{group.Min(run => run.Run.LimitMin):N0}"));
        }
        terminal.Rich.Write(table);
        var seeds = runs.Select(run => run.Run.Seed).Distinct().Count();
        if (seeds > 1) terminal.Out.WriteLine($"{seeds} seeds: the worst peak memory, peak lag and lowest limit, and the mean of the rest.");
    }

    public static void Write(Terminal terminal, IReadOnlyList<MonteCarloSummary> rows, int plants, PlantRanges ranges)
    {
        var table = New("policy", "", "> 85 % memory", "> 90 %", "lag > 2,000", "memory median", "p95", "most", "vs best fixed, median", "total", "player-minutes", "reversals", "wait");
        foreach (var row in rows)
        {
            Row(table, row.Policy, "",
                Marked($"{100 * row.MemoryOver85:0.0} %", row.MemoryOver85 > 0.01), Plain($"{100 * row.MemoryOver90:0.0} %"), Plain($"{100 * row.LagOver2000:0.0} %"),
                Plain($"{100 * row.MemoryMedian:0.0} %"), Plain($"{100 * row.MemoryP95:0.0} %"), Plain($"{100 * row.MemoryMost:0.0} %"),
                Plain($"{100 * row.VersusFixedMedian:0} %"), Plain($"{100 * row.VersusFixedTotal:0} %"), Plain($"{100 * row.VersusUngoverned:0} %"), Plain($"{row.ReversalsMedian:0}"), Plain($"{row.WaitMean:0} s"));
        }
        terminal.Rich.Write(table);
        terminal.Out.WriteLine($"{plants} random plants of the {ranges.Name} ranges, the same for each policy. Best fixed: the limit that somebody who knew all would have set.");
    }

    static Table New(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (var i = 0; i < columns.Length; i++) table.AddColumn(i < 2 ? new TableColumn(columns[i]) : new TableColumn(columns[i]).RightAligned());
        return table;
    }

    static void Row(Table table, string first, string second, params Markup[] cells) => table.AddRow([new Markup(Markup.Escape(first)), new Markup(Markup.Escape(second)), .. cells]);

    static Markup Plain(FormattableString text) => new(Markup.Escape(text.ToString(CultureInfo.InvariantCulture)));

    static Markup Marked(FormattableString text, bool isBad) => new(Markup.Escape(text.ToString(CultureInfo.InvariantCulture)), isBad ? new Style(Color.Red) : Style.Plain);
}
