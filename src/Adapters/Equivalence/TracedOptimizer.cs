using Compat.Torch.Optim;

namespace Compat.Adapters.Equivalence;

/// <summary>The groups of one optimizer, as a trace names them.</summary>
/// <param name="Name">The optimizer's name; empty for a single one.</param>
/// <param name="Groups">Its groups.</param>
internal sealed record TracedOptimizer(string Name, IReadOnlyList<OptimizerGroup> Groups)
{
    /// <summary>Reads a value of each group that has it.</summary>
    /// <returns>Named for example <c>lr</c>, <c>lr[1]</c>, <c>generator.lr</c>: the first group has no number.</returns>
    public IEnumerable<KeyValuePair<string, double>> Read(string value, Func<OptimizerGroup, double?> read)
    {
        string prefix = Name.Length == 0 ? value : $"{Name}.{value}";
        for (int index = 0; index < Groups.Count; index++)
        {
            if (read(Groups[index]) is { } number)
            {
                yield return KeyValuePair.Create(index == 0 ? prefix : FormattableString.Invariant($"{prefix}[{index}]"), number);
            }
        }
    }
}
