namespace Veltrix.Kubernetes;

/// <summary>How many servers a hunt has.</summary>
static class Scale
{
    /// <summary>
    /// As many as the orchestrator's plan wants, within the bounds that people set; the fewest while there is no plan. The plan asks for fewer only after five minutes of needing fewer, so it is
    /// followed at once; pods that go drain before they end.
    /// </summary>
    /// <param name="wanted">By the plan; null: there is none yet.</param>
    public static int Of(HuntSpec spec, int? wanted) =>
        spec.Suspend == true ? 0 : Math.Clamp(wanted ?? spec.Servers.Min, spec.Servers.Min, Math.Max(spec.Servers.Min, spec.Servers.Max));
}
