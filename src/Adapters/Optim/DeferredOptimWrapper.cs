using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Keeps the loss of an iteration and updates nothing, because a legacy optimizer hook, or the model itself, does.</summary>
/// <remarks>
/// Preserves: everything; the old owner updates the weights as before, and finds the loss in its runner's outputs.
/// Changes: nothing. <see cref="BaseOptimWrapper.UpdateCount"/> counts the updates of the (first) optimizer that a hook announces through the runner's
/// <see cref="IterationProbe"/>; a model that steps by itself announces none.
/// Rejects: a second owner (COMPAT0201), no owner (COMPAT0206), and a second loss in an iteration, which a hook would not see (COMPAT0207).
/// </remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed class DeferredOptimWrapper : BaseOptimWrapper
{
    private readonly LrEntry[] lrEntries;
    private readonly Dictionary<string, BaseOptimWrapper> members = [];
    private readonly optim.Optimizer? first;
    private (string Model, long Steps)? atStart;
    private bool awaitsScaler;
    private Tensor? skipped;

    /// <summary>Makes the wrapper.</summary>
    /// <param name="options">The optimizers and who steps them.</param>
    public DeferredOptimWrapper(DeferredOptimWrapperOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Owner = options.Owner;
        Optimizer = options.Optimizer;
        foreach ((string name, optim.Optimizer optimizer) in Optimizer is { IsNamed: true } ? All : [])
        {
            members[name] = new DeferredOptimWrapper(options with { Optimizer = optimizer });
        }

        first = All is [{ Value: { } leading }, ..] ? leading : null;
        lrEntries = [.. All.Select(entry => new LrEntry(entry.Key.Length == 0 ? "lr" : $"{entry.Key}.lr", OptimizerGroup.Of(entry.Value)))];
    }

    /// <summary>Gets who updates the weights.</summary>
    public UpdateOwner Owner { get; }

    /// <summary>Gets the optimizer that the owner steps, or several by name; <see langword="null"/> if a model has its own.</summary>
    public OptimizerSet? Optimizer { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<LrEntry> LrEntries => lrEntries;

    /// <inheritdoc/>
    public override IReadOnlyList<OptimizerGroup> ParamGroups => [.. lrEntries.SelectMany(entry => entry.Groups)];

    /// <inheritdoc/>
    /// <value>A wrapper for each of several optimizers, so that a schedule can name one; empty for a single one.</value>
    public override IReadOnlyDictionary<string, BaseOptimWrapper> Members => members;

    /// <inheritdoc/>
    /// <value>Always <see langword="true"/>: the wrapper clears nothing. When gradients are cleared is the owner's affair.</value>
    public override bool KeepGradients
    {
        get => true;
        set
        {
            // Whoever needs the gradients has them.
        }
    }

    /// <inheritdoc/>
    /// <value>What a legacy hook's loss scaler has decided and announced; as long as it has not, the update counts as left out.</value>
    public override Tensor? SkippedStep => skipped ?? (awaitsScaler && Loss is { } loss ? ones([], device: loss.device) : null);

    private IReadOnlyList<KeyValuePair<string, optim.Optimizer>> All => Optimizer?.All ?? [];

    private long Steps => All.Select(entry => entry.Value).OfType<FusedOptimizer>().Sum(optimizer => optimizer.StepCount);

    /// <inheritdoc/>
    public override void Attach(OptimWrapperContext context)
    {
        base.Attach(context);
        Context!.Probe.Clipped += Count;
        Context.Probe.Skipped += TakeSkip;
        foreach (BaseOptimWrapper member in members.Values)
        {
            member.Attach(context);
        }
    }

    /// <summary>Keeps the loss for the owner of the update.</summary>
    /// <param name="loss">The loss. Borrowed until the end of the iteration.</param>
    /// <exception cref="CompatException">
    /// The hook has not had the last loss yet: COMPAT0207. Or the model has stepped an optimizer, one of ours, by itself: COMPAT0201, in the first iteration.
    /// </exception>
    public override void UpdateParams(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        CheckOwnSteps();
        if (Owner == UpdateOwner.Hook && Loss is not null)
        {
            throw new CompatException(new CompatDiagnostic(
                "COMPAT0207",
                "UpdateParams was called twice in one iteration, but a legacy optimizer hook updates the weights, once and from one loss. "
                + "Add the losses up and call it once, or train with the engine's OptimWrapper."));
        }

        Show(loss);
    }

    /// <summary>Always refused: gradients are computed by the owner of the update.</summary>
    /// <param name="loss">Ignored.</param>
    /// <exception cref="CompatException">Always: COMPAT0201.</exception>
    public override void Backward(Tensor loss) => throw SecondOwner(nameof(Backward));

    /// <summary>Always refused: the weights are updated by the owner of the update.</summary>
    /// <exception cref="CompatException">Always: COMPAT0201.</exception>
    public override void Step() => throw SecondOwner(nameof(Step));

    /// <summary>Always refused: gradients are cleared by the owner of the update.</summary>
    /// <exception cref="CompatException">Always: COMPAT0201.</exception>
    public override void ZeroGrad() => throw SecondOwner(nameof(ZeroGrad));

    /// <summary>Checks that somebody updates the weights, and nobody else, before anything is trained.</summary>
    /// <inheritdoc/>
    /// <exception cref="CompatException">There is another owner, several, or none: COMPAT0201, COMPAT0202, COMPAT0206.</exception>
    public override void InitializeCountStatus(nn.Module model, int initCounts, int maxCounts, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(model);
        UpdateOwnerCheck.Check(this, Context?.Hooks);
        atStart = Owner == UpdateOwner.Hook ? (model.GetType().Name, Steps) : null;
        awaitsScaler = Context?.Hooks?.All.SelectMany(UpdateOwnerCheck.LegacyHooksOf).Any(hook => hook is Fp16OptimizerHook { LossScaler.IsEnabled: true }) ?? false;
    }

    /// <inheritdoc/>
    public override void FinishIter()
    {
        base.FinishIter();
        skipped = null;
    }

    /// <summary>Gives the optimizer's state in PyTorch's layout or, with several optimizers, such a state by each name.</summary>
    /// <returns>The state. Its tensors are on the CPU; fresh.</returns>
    public override PthDict SaveState()
    {
        if (Optimizer is not { IsNamed: true })
        {
            return Optimizer?.Single.SaveState() ?? [];
        }

        PthDict states = [];
        foreach ((string name, BaseOptimWrapper member) in members)
        {
            states[name] = member.SaveState();
        }

        return states;
    }

    /// <inheritdoc/>
    public override void CheckState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ForEachIn(state, static (optimizer, own) => optimizer.CheckState(own));
    }

    /// <inheritdoc/>
    public override void LoadState(PthDict state)
    {
        CheckState(state);
        using DisposeScope scope = NewDisposeScope();
        PthDict before = SaveState();
        try
        {
            Load(state);
        }
        catch (PthException)
        {
            Load(before);                                             // an optimizer of somebody else's checks only when it loads
            throw;
        }

        if (Context is { } context)
        {
            ForEachIn(state, (optimizer, own) => optimizer.WarnIfForgetful(own, context.Logger));
        }
    }

    /// <summary>Gives nothing: how far an accumulation has come is known to the owner of the update.</summary>
    /// <returns>An empty dictionary.</returns>
    public override PthDict SaveProgress() => [];

    /// <summary>Takes over nothing.</summary>
    /// <param name="progress">Ignored.</param>
    public override void LoadProgress(PthDict progress)
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Context is not null)
        {
            Context.Probe.Clipped -= Count;
            Context.Probe.Skipped -= TakeSkip;
            Array.ForEach([.. members.Values], member => member.Dispose());
        }

        base.Dispose(disposing);
    }

    private void Count(optim.Optimizer optimizer) => UpdateCount += ReferenceEquals(first, optimizer) ? 1 : 0;

    private void TakeSkip(optim.Optimizer optimizer, Tensor isSkipped) => skipped = isSkipped;

    // Before the hook has stepped for the first time, nobody has.
    private void CheckOwnSteps()
    {
        if (atStart is { } start && Steps != start.Steps)
        {
            throw new CompatException(UpdateOwnerCheck.TwoOwners(
                $"{start.Model} updates the weights in its own TrainStep, and a legacy optimizer hook updates them after it"));
        }

        atStart = null;
    }

    private void Load(PthDict state) => ForEachIn(state, static (optimizer, own) => optimizer.LoadState(own));

    private void ForEachIn(PthDict state, Action<optim.Optimizer, PthDict> act)
    {
        foreach ((string name, optim.Optimizer optimizer) in All)
        {
            act(optimizer, Optimizer!.IsNamed ? state.Require<PthDict>(name, "an optimizer's state") : state);
        }
    }

    private CompatException SecondOwner(string method) => new(UpdateOwnerCheck.TwoOwners(
        $"{method} was called, but {(Owner == UpdateOwner.Hook ? "a legacy optimizer hook" : "the model itself")} updates the weights already"));
}
