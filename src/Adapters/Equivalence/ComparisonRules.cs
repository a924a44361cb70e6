namespace Compat.Adapters.Equivalence;

/// <summary>How far two trainings may differ. Everything is compared bit for bit but for what is named here.</summary>
public sealed record ComparisonRules
{
    /// <summary>Gets the rules for an old trainer against itself on the engine: every observation bit for bit.</summary>
    public static ComparisonRules LegacyAgainstMigrating { get; } = new();

    /// <summary>Gets the rules for an old trainer against its port: learning rates within two units in the last place, all else bit for bit.</summary>
    /// <remarks>MMCV computes the learning rate from a formula, MMEngine as a running product; these round differently.</remarks>
    public static ComparisonRules LegacyAgainstEngine { get; } = new() { LearningRateUlps = 2 };

    /// <summary>Gets by how many units in the last place the learning rate may differ.</summary>
    /// <value>The default is 0.</value>
    public int LearningRateUlps { get; init; }
}
