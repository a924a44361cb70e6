namespace Compat.Adapters.Equivalence;

/// <summary>How far two trainings may differ. Everything is compared bit for bit but for what is named here.</summary>
public sealed record ComparisonRules
{
    /// <summary>Gets the rules for an old trainer against itself on the engine: every observation bit for bit.</summary>
    public static ComparisonRules LegacyAgainstMigrating { get; } = new();

    /// <summary>Gets the rules for an old trainer against its port: learning rates and momenta within two units in the last place, all else bit for bit.</summary>
    /// <remarks>
    /// MMCV computes what a schedule sets from a formula, MMEngine as a running product; these round differently. A schedule by iteration, such as a warm-up, rounds at
    /// each: raise <see cref="LearningRateUlps"/> for it, to 4096 for some hundred iterations.
    /// </remarks>
    public static ComparisonRules LegacyAgainstEngine { get; } = new() { LearningRateUlps = 2, MomentumUlps = 2 };

    /// <summary>Gets by how many units in the last place learning rates may differ.</summary>
    /// <value>The default is 0.</value>
    public int LearningRateUlps { get; init; }

    /// <summary>Gets by how many units in the last place momenta may differ.</summary>
    /// <value>The default is 0.</value>
    public int MomentumUlps { get; init; }

    /// <summary>Gets what is not compared, each time that it is seen in an iteration.</summary>
    /// <value>
    /// The default is nothing. A model that steps by itself announces no gradients; to compare it with its port, leave out <see cref="Observation.Gradients"/> and
    /// <see cref="Observation.ClippedGradients"/>. Its weights show what the gradients were.
    /// </value>
    public IReadOnlyList<Observation> LeftOut { get; init; } = [];

    /// <summary>Gets by how many units in the last place the numbers of an observation may differ.</summary>
    /// <param name="observation">The observation.</param>
    /// <returns>0 for all but learning rates and momenta.</returns>
    public int UlpsOf(Observation observation) =>
        observation == Observation.LearningRate ? LearningRateUlps : observation == Observation.Momentum ? MomentumUlps : 0;

    /// <summary>Tells whether an observation is compared.</summary>
    internal bool Covers(Observation observation) => !LeftOut.Any(observation.IsTimeOf);

    /// <summary>Tells whether two values count as the same although their bits differ.</summary>
    internal bool Allow(Observation observation, TraceValue control, TraceValue candidate) =>
        control is TraceNumber a && candidate is TraceNumber b && AreNear(a.Value, b.Value, UlpsOf(observation));

    // Bits of two doubles of one sign count their units in the last place.
    private static bool AreNear(double control, double candidate, int ulps)
    {
        long a = BitConverter.DoubleToInt64Bits(control);
        long b = BitConverter.DoubleToInt64Bits(candidate);
        return a < 0 == b < 0 && double.IsFinite(control) && double.IsFinite(candidate) && Math.Abs(a - b) <= ulps;
    }
}
