using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Several wrappers by name, for a model that is trained with several optimizers in turn, such as a GAN.</summary>
/// <remarks>
/// <para>Whose loss a loss is, only the model knows. So its <c>TrainStep</c> calls the wrapper that it means: <c>optimWrapper["generator"].UpdateParams(loss)</c>.</para>
/// <para>A backward reaches all parameters of its loss and leaves gradients there, at its own scale, that the next update of another wrapper adds to its own, as in
/// MMEngine. Freeze the parameters that have no turn, or call <see cref="ZeroGrad"/> before each turn.</para>
/// <para>Norms of clipped gradients have one place in the log for all, <c>train/grad_norm</c>. Source: MMEngine <c>OptimWrapperDict</c>.</para>
/// </remarks>
public sealed class OptimWrapperDict : BaseOptimWrapper, IReadOnlyDictionary<string, BaseOptimWrapper>
{
    private readonly OrderedDictionary<string, BaseOptimWrapper> members = [];
    private readonly bool completeLastWindow;

    /// <summary>Takes over wrappers.</summary>
    /// <param name="wrappers">The wrappers by name, at least one. They are disposed with the dictionary.</param>
    /// <param name="completeLastWindow">As <see cref="OptimWrapperDictOptions.CompleteLastWindow"/>. The default is <see langword="false"/>.</param>
    /// <exception cref="ArgumentException">There is no wrapper, or one name twice.</exception>
    public OptimWrapperDict(IEnumerable<KeyValuePair<string, OptimWrapper>> wrappers, bool completeLastWindow = false)
    {
        ArgumentNullException.ThrowIfNull(wrappers);
        foreach ((string name, OptimWrapper wrapper) in wrappers)
        {
            members.Add(name, wrapper);
            wrapper.SharesGradients = true;
        }

        if (members.Count == 0)
        {
            throw new ArgumentException("The dictionary of wrappers is empty. Give it at least one, for example [\"generator\"] = new OptimWrapperOptions { … }.", nameof(wrappers));
        }

        this.completeLastWindow = completeLastWindow;
        LrEntries = [.. members.SelectMany(member => member.Value.LrEntries.Select(entry => entry with { Name = $"{member.Key}.{entry.Name}" }))];
        ParamGroups = [.. members.Values.SelectMany(member => member.ParamGroups)];
    }

    /// <inheritdoc/>
    /// <value>Each as <c>name.lr</c>, and <c>name.base_lr</c> before it where that wrapper has several groups.</value>
    public override IReadOnlyList<LrEntry> LrEntries { get; }

    /// <inheritdoc/>
    /// <value>Those of all wrappers, one after the other.</value>
    public override IReadOnlyList<OptimizerGroup> ParamGroups { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, BaseOptimWrapper> Members => members;

    /// <summary>Gets how many updates were due so far, those of all wrappers together.</summary>
    public override int UpdateCount => members.Values.Sum(member => member.UpdateCount);

    /// <inheritdoc/>
    /// <value>Above 0 if one of the wrappers has left out an update, or has not decided yet.</value>
    public override Tensor? SkippedStep =>
        members.Values.Select(member => member.SkippedStep).OfType<Tensor>().Aggregate((Tensor?)null, (one, other) => one is null ? other : one + other.to(one.device));

    /// <inheritdoc/>
    /// <value>Whether all of them keep theirs. Setting it is setting it on each.</value>
    public override bool KeepGradients
    {
        get => members.Values.All(member => member.KeepGradients);
        set
        {
            foreach (BaseOptimWrapper member in members.Values)
            {
                member.KeepGradients = value;
            }
        }
    }

    /// <summary>Gets the number of wrappers.</summary>
    public int Count => members.Count;

    /// <summary>Gets the names, in order.</summary>
    public IEnumerable<string> Keys => members.Keys;

    /// <summary>Gets the wrappers, in order.</summary>
    public IEnumerable<BaseOptimWrapper> Values => members.Values;

    /// <summary>Tells whether there is a wrapper of a name.</summary>
    /// <param name="key">The name.</param>
    /// <returns>Whether there is one.</returns>
    public bool ContainsKey(string key) => members.ContainsKey(key);

    /// <summary>Gets a wrapper if there is one of that name.</summary>
    /// <param name="key">The name.</param>
    /// <param name="value">The wrapper.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out BaseOptimWrapper value) => members.TryGetValue(key, out value);

    /// <summary>Enumerates names and wrappers, in order.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<string, BaseOptimWrapper>> GetEnumerator() => members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override void Attach(OptimWrapperContext context)
    {
        base.Attach(context);
        foreach (BaseOptimWrapper member in members.Values)
        {
            member.Attach(context);
        }

        LogWhoCounts(context.Logger);
    }

    /// <summary>Always refused: it would not be known which optimizer the loss is for.</summary>
    /// <param name="loss">Ignored.</param>
    /// <exception cref="NotSupportedException">Always; the message names the wrappers to call.</exception>
    public override void UpdateParams(Tensor loss) => throw Ambiguous("UpdateParams(loss)");

    /// <summary>Always refused: it would not be known which optimizer, and which scale, the loss is for.</summary>
    /// <param name="loss">Ignored.</param>
    /// <exception cref="NotSupportedException">Always; the message names the wrappers to call.</exception>
    public override void Backward(Tensor loss) => throw Ambiguous("Backward(loss)");

    /// <summary>Always refused: it would not be known which optimizer shall step.</summary>
    /// <exception cref="NotSupportedException">Always; the message names the wrappers to call.</exception>
    public override void Step() => throw Ambiguous("Step()");

    /// <summary>Always refused: it would not be known which wrapper's precision is meant.</summary>
    /// <param name="model">Ignored.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="NotSupportedException">Always; the message names the wrappers to call.</exception>
    public override IDisposable OptimContext(nn.Module model) => throw Ambiguous("OptimContext(this)");

    /// <summary>Clears the gradients of all wrappers.</summary>
    public override void ZeroGrad()
    {
        foreach (BaseOptimWrapper member in members.Values)
        {
            member.ZeroGrad();
        }
    }

    /// <inheritdoc/>
    public override void FinishIter()
    {
        base.FinishIter();
        foreach (BaseOptimWrapper member in members.Values)
        {
            member.FinishIter();
        }
    }

    /// <summary>Tells the wrappers how many iterations there are, if <see cref="OptimWrapperDictOptions.CompleteLastWindow"/> is set; else nothing, as MMEngine.</summary>
    /// <inheritdoc/>
    public override void InitializeCountStatus(nn.Module model, int initCounts, int maxCounts, ILogger logger)
    {
        foreach (BaseOptimWrapper member in completeLastWindow ? members.Values : Enumerable.Empty<BaseOptimWrapper>())
        {
            member.InitializeCountStatus(model, initCounts, maxCounts, logger);
        }
    }

    /// <summary>Gives the state of each wrapper by its name.</summary>
    /// <returns>The states, as MMEngine has them. Their tensors are on the CPU; fresh.</returns>
    public override PthDict SaveState() => ByName(member => member.SaveState());

    /// <inheritdoc/>
    public override void CheckState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string[] unknown = [.. state.Select(entry => (entry.Key as PthText)?.Value ?? "?").Where(name => !members.ContainsKey(name))];
        if (unknown.Length > 0)
        {
            throw new PthException(
                $"The state is for {string.Join(", ", unknown)}, but the wrappers are {string.Join(", ", members.Keys)}. Name the wrappers as in the run that saved it.");
        }

        ForEachIn(state, static (member, own) => member.CheckState(own));
    }

    /// <inheritdoc/>
    /// <remarks>As in MMEngine, a wrapper that the state does not have stays as it is; a line in the log says so.</remarks>
    public override void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        CheckState(state);
        using DisposeScope scope = NewDisposeScope();
        (OptimizerGroup Group, double? Lr, double? Momentum)[] initials = [.. ParamGroups.Select(group => (group, group.InitialLr, group.InitialMomentum))];
        PthDict before = SaveState();
        try
        {
            Load(state);
        }
        catch (PthException)
        {
            Load(before);                                             // a wrapper of somebody else's checks only when it loads
            Array.ForEach(initials, initial => (initial.Group.InitialLr, initial.Group.InitialMomentum) = (initial.Lr, initial.Momentum));
            throw;
        }

        WarnOfMissing(state);
    }

    /// <summary>Gives how far each wrapper has come, by its name.</summary>
    /// <returns>The progress. Its tensors are on the CPU; fresh.</returns>
    public override PthDict SaveProgress() => ByName(member => member.SaveProgress());

    /// <inheritdoc/>
    public override void LoadProgress(PthDict progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        using DisposeScope scope = NewDisposeScope();
        PthDict before = SaveProgress();
        try
        {
            LoadEach(progress);
        }
        catch (PthException)
        {
            ZeroGrad();                                               // what was loaded already may be gradients where there were none
            LoadEach(before);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Array.ForEach([.. members.Values], member => member.Dispose());
        }

        base.Dispose(disposing);
    }

    private PthDict ByName(Func<BaseOptimWrapper, PthDict> save)
    {
        PthDict saved = [];
        foreach ((string name, BaseOptimWrapper member) in members)
        {
            saved[name] = save(member);
        }

        return saved;
    }

    private void Load(PthDict state) => ForEachIn(state, static (member, own) => member.LoadState(own));

    private void ForEachIn(PthDict state, Action<BaseOptimWrapper, PthDict> act)
    {
        foreach ((string name, BaseOptimWrapper member) in members)
        {
            if (state.TryGetValue(name, out PthValue? _))
            {
                act(member, state.Require<PthDict>(name, "the state of a wrapper"));
            }
        }
    }

    private void LoadEach(PthDict progress)
    {
        foreach ((string name, BaseOptimWrapper member) in members)
        {
            member.LoadProgress(progress.Require<PthDict>(name, "the progress of a wrapper"));
        }
    }

    private void WarnOfMissing(PthDict state)
    {
        string[] missing = [.. members.Keys.Where(name => !state.TryGetValue(name, out PthValue? _))];
        if (missing.Length > 0 && Context is { } context)
        {
            string text = $"The state has nothing for {string.Join(", ", missing)}, whose optimizers stay as they are. Resume from a file of a run with the same wrappers.";
            CompatEvents.Write(context.Logger, LogLevel.Warning, CompatEvents.OptimizerStateMissing, text);
        }
    }

    private void LogWhoCounts(ILogger logger)
    {
        string[] accumulating = [.. members.Where(member => member.Value is OptimWrapper { AccumulativeCounts: > 1 }).Select(member => member.Key)];
        if (accumulating.Length > 0)
        {
            string names = string.Join(", ", accumulating);
            string text = completeLastWindow
                ? $"Accumulation of {names}: the last window of the training is complete (CompleteLastWindow = true): its losses are divided by its length."
                : $"Accumulation of {names}: as in MMEngine, wrappers in a dictionary do not know where the training ends, and what is left over then updates "
                    + "nothing. Set CompleteLastWindow = true to update with it.";
            CompatEvents.Write(logger, LogLevel.Information, CompatEvents.WindowsInDictionary, text);
        }
    }

    private NotSupportedException Ambiguous(string call) => new(
        $"{call} was called on an OptimWrapperDict, which does not know which of its optimizers is meant: {string.Join(", ", members.Keys)}. Override TrainStep, and "
        + $"call it on one of them there, for example optimWrapper[\"{members.GetAt(0).Key}\"].{call}.");
}
