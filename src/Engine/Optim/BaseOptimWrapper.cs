using Compat.Torch;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>What a training step needs to update weights, whatever the precision, the accumulation or the number of optimizers.</summary>
/// <remarks>Source: MMEngine <c>BaseOptimWrapper</c>.</remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
public abstract class BaseOptimWrapper : IDisposable
{
    private static readonly Dictionary<string, BaseOptimWrapper> NoMembers = [];
    private bool hasLoss;

    /// <summary>Gets the learning rates that are logged, in that order.</summary>
    /// <value>With several groups <c>base_lr</c>, the optimizer's default rate, comes before <c>lr</c>, as in MMEngine.</value>
    public abstract IReadOnlyList<LrEntry> LrEntries { get; }

    /// <summary>Gets the groups that schedules drive. With several groups, the last one holds the optimizer's default values.</summary>
    public abstract IReadOnlyList<OptimizerGroup> ParamGroups { get; }

    /// <summary>Gets the wrappers that this one consists of, by name. Each schedule drives one of them, or each of them.</summary>
    /// <value>Empty for a wrapper of one optimizer; the default.</value>
    public virtual IReadOnlyDictionary<string, BaseOptimWrapper> Members => NoMembers;

    /// <summary>Gets how many updates were due so far: a window of accumulation is one, and so is a step that a loss scaler skipped.</summary>
    public virtual int UpdateCount { get; protected set; }

    /// <summary>Gets the loss of the iteration in progress, as the model gave it to <see cref="UpdateParams"/>: not scaled.</summary>
    /// <value>
    /// <see langword="null"/> before the update, between iterations, and after a second call in one iteration, such as that of a GAN, which has no single loss.
    /// Borrowed; its graph is used up if the wrapper computes gradients.
    /// </value>
    public Tensor? Loss { get; private set; }

    /// <summary>Gets whether a loss scaler has left out the update of the iteration in progress; then its loss need not be finite.</summary>
    /// <value>
    /// One element on its device, above 0 if the update is left out, or if a window of accumulation is open and nothing is decided yet. Borrowed.
    /// <see langword="null"/>, the default, if nothing can be left out, and between iterations.
    /// </value>
    public virtual Tensor? SkippedStep => null;

    /// <summary>Gets or sets whether gradients stay where they are until the next backward that follows an update, so that hooks can look at them.</summary>
    public abstract bool KeepGradients { get; set; }

    /// <summary>Gets what the runner handed over.</summary>
    /// <value><see langword="null"/> without a runner; then nothing is logged.</value>
    protected OptimWrapperContext? Context { get; private set; }

    /// <summary>Gets one of several wrappers by its name: <c>optimWrapper["generator"].UpdateParams(loss)</c>.</summary>
    /// <param name="name">One of the names of <see cref="Members"/>; upper and lower case matter.</param>
    /// <exception cref="KeyNotFoundException">There is no wrapper of that name; the message lists what there is.</exception>
    public BaseOptimWrapper this[string name] => Members.TryGetValue(name, out BaseOptimWrapper? member)
        ? member
        : throw new KeyNotFoundException(Members.Count == 0
            ? $"{GetType().Name} has no member '{name}': it is a single wrapper, without names. Call its methods directly, or give the runner an "
                + $"{nameof(OptimWrapperDictOptions)} with a wrapper of that name."
            : $"{GetType().Name} has no member '{name}'. Names present: {string.Join(", ", Members.Keys)}. Use one of these, or add '{name}' to the options.");

    /// <summary>Takes what the runner has for the wrapper. The runner calls it once, when the wrapper is built.</summary>
    /// <param name="context">The hub, the logger and the like. A wrapper that has others inside passes it on to them.</param>
    public virtual void Attach(OptimWrapperContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Context = context;
    }

    /// <summary>
    /// Does everything between a loss and updated weights: scales it, computes gradients and, when an update is due, clips, steps and clears.
    /// </summary>
    /// <param name="loss">The loss, a tensor of one element. Borrowed.</param>
    public abstract void UpdateParams(Tensor loss);

    /// <summary>Computes gradients.</summary>
    /// <param name="loss">The loss, a tensor of one element. Borrowed.</param>
    public abstract void Backward(Tensor loss);

    /// <summary>Updates the weights from the gradients as they are.</summary>
    public abstract void Step();

    /// <summary>Clears the gradients.</summary>
    public abstract void ZeroGrad();

    /// <summary>Checks what can only be known when an iteration is over, and lets go of what belongs to it: of <see cref="Loss"/>, unless overridden.</summary>
    /// <remarks>The loop calls it after the hooks of each training iteration, when it counts the iteration. An override calls the base method.</remarks>
    public virtual void FinishIter()
    {
        Loss = null;
        hasLoss = false;
    }

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

    /// <summary>Gives what MMEngine's checkpoints have under <c>optimizer</c>.</summary>
    /// <returns>
    /// The optimizer's state in PyTorch's layout, with what the wrapper adds beside it; or, with several optimizers, such a state by each name. Its tensors
    /// are on the CPU; fresh.
    /// </returns>
    public abstract PthDict SaveState();

    /// <summary>Checks whether <see cref="LoadState"/> would take a state, so that several wrappers are loaded all or none.</summary>
    /// <param name="state">The state. Borrowed.</param>
    /// <remarks>The default checks nothing. A wrapper of one's own that overrides it spares others the way back.</remarks>
    /// <exception cref="PthException">The state does not fit.</exception>
    public virtual void CheckState(PthDict state)
    {
    }

    /// <summary>Takes over what <see cref="SaveState"/> or MMEngine gave.</summary>
    /// <param name="state">The state. Borrowed; it stays as it is.</param>
    /// <exception cref="PthException">The state does not fit; the wrapper is as it was.</exception>
    public abstract void LoadState(PthDict state);

    /// <summary>Gives how far the wrapper has come, which MMEngine's checkpoints lack: the counts and, within a window of accumulation, the gradients.</summary>
    /// <returns>The progress. Its tensors are on the CPU; fresh.</returns>
    public abstract PthDict SaveProgress();

    /// <summary>Takes over what <see cref="SaveProgress"/> gave, after <see cref="InitializeCountStatus"/>.</summary>
    /// <param name="progress">The progress. Borrowed.</param>
    /// <exception cref="PthException">The progress does not fit; the wrapper is as it was.</exception>
    public abstract void LoadProgress(PthDict progress);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets hooks see the loss as <see cref="Loss"/> until the iteration ends. <see cref="UpdateParams"/> calls it.</summary>
    /// <param name="loss">The loss as the model gave it. Borrowed.</param>
    protected void Show(Tensor loss)
    {
        Loss = hasLoss ? null : loss;
        hasLoss = true;
    }

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
