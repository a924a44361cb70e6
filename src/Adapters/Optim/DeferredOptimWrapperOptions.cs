using Compat.Engine.Optim;
using Compat.Legacy;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Settings of <see cref="DeferredOptimWrapper"/>: the weights are updated by a legacy optimizer hook, or by the model itself.</summary>
/// <example>
/// A ported model whose update is still the old hook's:
/// <code>
/// new RunnerOptions
/// {
///     Model = model,
///     OptimWrapper = new DeferredOptimWrapperOptions(new FusedSgd(model.parameters(), new() { Lr = 0.01 })),
///     CustomHooks = [new MyOptimizerHook().AsEngine()],
///     …
/// }
/// </code>
/// </example>
/// <param name="Optimizer">
/// The optimizer, or several by name, which the owner finds in the runner that it sees; <see langword="null"/> if a model has its own. Borrowed: whoever made
/// it disposes it.
/// </param>
public sealed record DeferredOptimWrapperOptions(OptimizerSet? Optimizer) : BaseOptimWrapperOptions
{
    /// <summary>Gets who updates the weights.</summary>
    /// <value>The default is <see cref="UpdateOwner.Hook"/>.</value>
    public UpdateOwner Owner { get; init; } = UpdateOwner.Hook;

    /// <inheritdoc/>
    public override BaseOptimWrapper Build(nn.Module model) => new DeferredOptimWrapper(this);
}
