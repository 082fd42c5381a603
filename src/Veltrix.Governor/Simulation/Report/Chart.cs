using System.Globalization;
using System.Net;
using System.Text;

namespace Veltrix.Governor.Simulation;

/// <summary>A line of a chart: a value for every second.</summary>
/// <param name="Style">The class of its stroke in the page: <c>s1</c> to <c>s7</c>, <c>limit</c>, <c>none</c>.</param>
/// <param name="Peaks">Where several seconds share a point, it is their highest instead of the last: a peak must not be lost.</param>
sealed record ChartLine(string Label, string Style, IReadOnlyList<double> Values, bool Peaks = false);

/// <summary>A stretch of time in which a policy was in one mode.</summary>
/// <param name="Mode">Also the class of its colour in the page.</param>
sealed record ChartSpan(string Mode, int From, int To);

/// <summary>A level to compare with.</summary>
sealed record ChartMark(string Label, double Value);

/// <summary>
/// A plot over time as inline SVG. Written by hand rather than by a plotting library: it needs no native code, follows the page's colours in light and dark, and stays sharp.
/// </summary>
sealed class Chart(string title, Func<double, string> unit)
{
    const double Width = 920, Height = 230, Left = 62, Right = 150, Top = 26, Bottom = 26;
    const int Points = 600;

    public IReadOnlyList<ChartLine> Lines { get; init; } = [];

    public IReadOnlyList<ChartMark> Marks { get; init; } = [];

    /// <summary>Shown as a ribbon at the foot of the plot.</summary>
    public IReadOnlyList<ChartSpan> Ribbon { get; init; } = [];

    /// <summary>The vertical axis begins here instead of at 0.</summary>
    public double From { get; init; }

    /// <summary>The axis reaches at least this.</summary>
    public double ToLeast { get; init; }

    public string ToSvg()
    {
        var seconds = Lines.Max(line => line.Values.Count);
        var most = Math.Max(ToLeast, Lines.SelectMany(line => line.Values).Where(double.IsFinite).DefaultIfEmpty(1).Max());
        var step = NiceStep((most - From) / 4);
        var to = From + step * Math.Ceiling((most - From) / step * 0.999);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\"><text class=\"title\" x=\"0\" y=\"14\">{WebUtility.HtmlEncode(title)}</text>");
        for (var value = From; value <= to + step / 2; value += step) Rule(svg, "grid", Y(value, to), unit(value));
        foreach (var mark in Marks.Where(mark => mark.Value >= From && mark.Value <= to)) Mark(svg, mark, Y(mark.Value, to));
        var minutes = NiceMinutes(seconds);
        for (var second = 0; second <= seconds; second += minutes * 60)
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{X(second, seconds):0.#}\" y=\"{Height - 4}\" text-anchor=\"middle\">{second / 60} min</text>");
        foreach (var span in Ribbon) Span(svg, span, seconds);
        foreach (var line in Lines) svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line {line.Style}\" points=\"{Path(line, seconds, to)}\"/>");
        Legend(svg);
        return svg.Append("</svg>").ToString();
    }

    static double X(double second, double seconds) => Left + (Width - Left - Right) * second / seconds;

    double Y(double value, double to) => Top + (Height - Top - Bottom) * (1 - (Math.Clamp(value, From, to) - From) / (to - From));

    static void Rule(StringBuilder svg, string style, double y, string label) => svg.Append(CultureInfo.InvariantCulture,
        $"<line class=\"{style}\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"tick\" x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{label}</text>");

    static void Mark(StringBuilder svg, ChartMark mark, double y) => svg.Append(CultureInfo.InvariantCulture,
        $"<line class=\"mark\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/><text class=\"marked\" x=\"{Width - Right - 4}\" y=\"{y - 4:0.#}\" text-anchor=\"end\">{mark.Label}</text>");

    static void Span(StringBuilder svg, ChartSpan span, int seconds) => svg.Append(CultureInfo.InvariantCulture,
        $"<rect class=\"mode {span.Mode}\" x=\"{X(span.From, seconds):0.#}\" y=\"{Height - Bottom}\" width=\"{X(span.To, seconds) - X(span.From, seconds):0.#}\" height=\"6\"><title>{span.Mode}, from {span.From} to {span.To} s</title></rect>");

    string Path(ChartLine line, int seconds, double to)
    {
        var path = new StringBuilder();
        var each = Math.Max(1, (line.Values.Count + Points - 1) / Points);
        for (var i = 0; i < line.Values.Count; i += each)
        {
            var end = Math.Min(i + each, line.Values.Count);
            var value = line.Values[end - 1];
            for (var j = i; line.Peaks && j < end; j++) value = Math.Max(value, line.Values[j]);
            path.Append(CultureInfo.InvariantCulture, $"{X(i, seconds):0.#},{Y(value, to):0.#} ");
        }
        return path.ToString();
    }

    void Legend(StringBuilder svg)
    {
        for (var i = 0; i < Lines.Count; i++)
        {
            var y = Top + 10 + 20 * i;
            svg.Append(CultureInfo.InvariantCulture,
                $"<line class=\"line {Lines[i].Style}\" x1=\"{Width - Right + 12}\" x2=\"{Width - Right + 34}\" y1=\"{y}\" y2=\"{y}\"/><text class=\"legend\" x=\"{Width - Right + 40}\" y=\"{y + 4}\">{WebUtility.HtmlEncode(Lines[i].Label)}</text>");
        }
    }

    static double NiceStep(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(rough, 1e-6))));
        return power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }

    static int NiceMinutes(int seconds) => (seconds / 60) switch { <= 12 => 2, <= 30 => 5, <= 90 => 10, _ => 60 };
}
