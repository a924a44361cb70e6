using Compat.Engine.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>What a training step needs to update weights, whatever the precision, the accumulation or the number of optimizers.</summary>
/// <remarks>Source: MMEngine <c>BaseOptimWrapper</c>.</remarks>
public abstract class BaseOptimWrapper : IDisposable
{
    /// <summary>Gets the learning rates that are logged.</summary>
    public abstract IReadOnlyList<LrEntry> LrEntries { get; }

    /// <summary>Gets the groups that schedules drive. With several groups, the last one holds the optimizer's default values.</summary>
    public abstract IReadOnlyList<OptimizerGroup> ParamGroups { get; }

    /// <summary>Gets the hub that gets the norm of clipped gradients.</summary>
    /// <value>Set by the runner; <see langword="null"/> before, and then nothing is logged.</value>
    protected MessageHub? MessageHub { get; private set; }

    // Set by the runner, as the hub is.
    internal IterationProbe? Probe { get; set; }

    /// <summary>
    /// Does everything between a loss and updated weights: scales it, computes gradients and, when an update is due, clips, steps and clears.
    /// </summary>
    /// <param name="loss">The loss, a tensor of one element. Borrowed.</param>
    public abstract void UpdateParams(Tensor loss);

    /// <summary>Opens the surroundings in which the model computes the loss, for example a lower precision.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The surroundings; disposing them ends them. The default has none.</returns>
    public virtual IDisposable OptimContext(nn.Module model) => NoContext.Instance;

    /// <summary>Tells how many iterations there are, so that the last window of accumulation is complete. Does nothing unless overridden.</summary>
    /// <param name="model">The model; batch norm in it is worth a warning.</param>
    /// <param name="initCounts">The number of finished iterations.</param>
    /// <param name="maxCounts">The number of all iterations.</param>
    /// <param name="logger">Where warnings go.</param>
    public virtual void InitializeCountStatus(nn.Module model, int initCounts, int maxCounts, ILogger logger)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    // The hub is known only when a runner takes the wrapper: it may have been built long before.
    internal void UseMessageHub(MessageHub hub) => MessageHub = hub;

    /// <summary>Frees what the wrapper owns.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    private sealed class NoContext : IDisposable
    {
        public static readonly NoContext Instance = new();

        public void Dispose()
        {
        }
    }
}
