using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>The optimizer of a runner, or several by name.</summary>
public sealed class OptimizerSet
{
    private readonly OrderedDictionary<string, optim.Optimizer> byName = [];
    private readonly optim.Optimizer? single;

    /// <summary>Takes one optimizer.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    /// <exception cref="NotSupportedException">It cannot be trained with here; the message lists what can.</exception>
    /// <exception cref="ArgumentException">There is none; the message says what to pass.</exception>
    public OptimizerSet(optim.Optimizer optimizer)
    {
        OptimizerGroup.Of(optimizer ?? throw Missing("The optimizer"));
        single = optimizer;
    }

    /// <summary>Takes several optimizers by name.</summary>
    /// <param name="optimizers">The optimizers, at least one. Borrowed.</param>
    /// <exception cref="NotSupportedException">One cannot be trained with here; the message lists what can.</exception>
    public OptimizerSet(IEnumerable<KeyValuePair<string, optim.Optimizer>> optimizers)
    {
        ArgumentNullException.ThrowIfNull(optimizers);
        foreach ((string name, optim.Optimizer optimizer) in optimizers)
        {
            OptimizerGroup.Of(optimizer ?? throw Missing($"The optimizer '{name}'"));
            byName.Add(name, optimizer);
        }

        if (byName.Count == 0)
        {
            throw new ArgumentException("The set of optimizers is empty. Name at least one, or give the runner none at all.", nameof(optimizers));
        }
    }

    /// <summary>Gets whether the optimizers have names.</summary>
    public bool IsNamed => single is null;

    /// <summary>Gets the only optimizer.</summary>
    /// <exception cref="InvalidOperationException">There are several, by name.</exception>
    public optim.Optimizer Single => single
        ?? throw new InvalidOperationException($"There are several optimizers: {string.Join(", ", byName.Keys)}. Choose one by its name.");

    /// <summary>Gets all optimizers; a single one has the empty name.</summary>
    public IReadOnlyList<KeyValuePair<string, optim.Optimizer>> All => single is null ? [.. byName] : [new(string.Empty, single)];

    /// <summary>Gets an optimizer by name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is no optimizer of that name.</exception>
    public optim.Optimizer this[string name] => byName.TryGetValue(name, out optim.Optimizer? optimizer)
        ? optimizer
        : throw new KeyNotFoundException($"There is no optimizer '{name}'. Names present: {(IsNamed ? string.Join(", ", byName.Keys) : "none, it is a single one")}.");

    /// <summary>Takes one optimizer.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public static implicit operator OptimizerSet(optim.Optimizer optimizer) => new(optimizer);

    /// <summary>Takes one optimizer.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    /// <returns>The set.</returns>
    public static OptimizerSet FromOptimizer(optim.Optimizer optimizer) => new(optimizer);

    private static ArgumentException Missing(string what) => new(
        $"{what} is null. Pass one, for example new FusedSgd(model.parameters(), new() {{ Lr = 0.01 }}), or leave Optimizer out of the runner's options if the "
        + "model has its own.");

    /// <summary>Reads one value of every parameter group.</summary>
    /// <param name="read">Reads it from a group.</param>
    /// <returns>The values by optimizer.</returns>
    internal OptimizerSnapshot Snapshot(Func<OptimizerGroup, double> read) =>
        new(IsNamed, [.. All.Select(entry => KeyValuePair.Create<string, IReadOnlyList<double>>(entry.Key, [.. OptimizerGroup.Of(entry.Value).Select(read)]))]);
}
