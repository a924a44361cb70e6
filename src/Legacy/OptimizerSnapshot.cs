namespace Compat.Legacy;

/// <summary>One value of every parameter group, such as the learning rate, at one moment.</summary>
/// <param name="IsNamed">Whether the optimizers have names.</param>
/// <param name="Values">The values of each optimizer's groups; a single optimizer has the empty name.</param>
public sealed record OptimizerSnapshot(bool IsNamed, IReadOnlyList<KeyValuePair<string, IReadOnlyList<double>>> Values)
{
    /// <summary>Gets the value of the first group of the first optimizer, which is the one that is logged.</summary>
    public double First => Values[0].Value[0];

    /// <summary>Computes another value for every group.</summary>
    /// <param name="convert">Gives the other value.</param>
    /// <returns>The values, of the same optimizers.</returns>
    public OptimizerSnapshot Select(Func<double, double> convert)
    {
        ArgumentNullException.ThrowIfNull(convert);
        return this with { Values = [.. Values.Select(entry => KeyValuePair.Create<string, IReadOnlyList<double>>(entry.Key, [.. entry.Value.Select(convert)]))] };
    }
}
