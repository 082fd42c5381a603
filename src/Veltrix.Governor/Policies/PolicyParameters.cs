using Veltrix.Hosting;

namespace Veltrix.Governor.Policies;

/// <summary>The parameters of all policies, with their defaults: the keys of <see cref="Keys"/>, as numbers. Times in seconds.</summary>
public sealed record PolicyParameters
{
    public static readonly PolicyParameters Default = From(Settings.Defaults, "");

    /// <summary>Older readings count as missing.</summary>
    public required double ReadingAgeMax { get; init; }

    public required double FirstWindow { get; init; }

    public required double Growth { get; init; }

    public required double Probe { get; init; }

    /// <summary>False: never asks for cheaper service.</summary>
    public required bool Brownout { get; init; }

    public required double NoiseMargin { get; init; }

    public required double DoubtMargin { get; init; }

    public required double DelayGate { get; init; }

    public required double LagMargin { get; init; }

    public required double LagHorizon { get; init; }

    public required double LagTarget { get; init; }

    public required double SurpriseHold { get; init; }

    public required double SlopeHorizon { get; init; }

    public required double SetPoint { get; init; }

    public required double Cut { get; init; }

    public required double LinearStep { get; init; }

    public required double LinearEvery { get; init; }

    public required double StaticLimit { get; init; }

    /// <summary>As the settings have them for this hunt at this moment.</summary>
    public static PolicyParameters From(Settings settings, string hunt) => new()
    {
        ReadingAgeMax = settings.Get(Keys.SignalAgeMax).TotalSeconds,
        FirstWindow = settings.Get(Keys.FirstWindow, hunt),
        Growth = settings.Get(Keys.Growth, hunt),
        Probe = settings.Get(Keys.Probe, hunt),
        Brownout = settings.Get(Keys.Brownout, hunt),
        NoiseMargin = settings.Get(Keys.ForecastNoiseMargin, hunt),
        DoubtMargin = settings.Get(Keys.ForecastDoubtMargin, hunt),
        DelayGate = settings.Get(Keys.ForecastGate, hunt),
        LagMargin = settings.Get(Keys.ForecastLagMargin, hunt),
        LagHorizon = settings.Get(Keys.ForecastLagHorizon, hunt).TotalSeconds,
        LagTarget = settings.Get(Keys.ForecastLagTarget, hunt),
        SurpriseHold = settings.Get(Keys.ForecastHold, hunt).TotalSeconds,
        SlopeHorizon = settings.Get(Keys.HeadroomHorizon, hunt).TotalSeconds,
        SetPoint = settings.Get(Keys.HeadroomSetPoint, hunt),
        Cut = settings.Get(Keys.HeadroomCut, hunt),
        LinearStep = settings.Get(Keys.LinearStep, hunt),
        LinearEvery = settings.Get(Keys.LinearEvery, hunt).TotalSeconds,
        StaticLimit = settings.Get(Keys.StaticLimit, hunt),
    };
}
