using Compat.Torch.Data;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Runs a workflow: what the runner by epoch and the runner by iteration have in common. Weights are updated by a hook, not by the runner.</summary>
/// <remarks>Derive <see cref="EpochBasedRunner"/> or <see cref="IterBasedRunner"/>, or <see cref="BaseRunner"/> for a runner without a workflow.</remarks>
public abstract class WorkflowRunner : BaseRunner
{
    private protected WorkflowRunner(nn.Module model, RunnerOptions options)
        : base(model, options)
    {
        if (model is not ITrainStep)
        {
            throw new ArgumentException(
                $"{ModelName} has no training step. Let it implement {nameof(ITrainStep)}, whose TrainStep returns loss, num_samples and log_vars.",
                nameof(model));
        }
    }

    /// <summary>Gets how far the training is, in what is counted here, and the name of the option that limits it.</summary>
    private protected abstract (int Done, int? Max, string Units, string Option) Count { get; }

    /// <summary>Gets what a validation step is given as the runner's optimizer.</summary>
    private protected virtual OptimizerSet? OptimizerOfVal => Optimizer;

    /// <summary>Runs a workflow until <see cref="BaseRunner.MaxEpochs"/> epochs or <see cref="BaseRunner.MaxIters"/> iterations are trained.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows, for example <c>[("train", 2), ("val", 1)]</c>, repeated as often as needed.</param>
    /// <exception cref="ArgumentException">There are not as many loaders as flows, a flow has an unknown mode, or no flow trains: it would never end.</exception>
    /// <exception cref="InvalidOperationException">The limit is not set, or a flow validates and the model has no validation step.</exception>
    public void Run(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        RefuseEndlessRun(workflow);
        foreach (int _ in RunIterations(dataLoaders, workflow))
        {
        }
    }

    /// <summary>Runs a workflow, one iteration at each step of the enumeration, so that several runners can be advanced in turn.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows.</param>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    /// <remarks><see cref="Run"/> drains it: a derived runner that runs elsewhere overrides this method alone.</remarks>
    /// <exception cref="ArgumentException">There are not as many loaders as flows, or a flow has an unknown mode.</exception>
    /// <exception cref="InvalidOperationException">The limit is not set, or a flow validates and the model has no validation step.</exception>
    public virtual IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        ArgumentNullException.ThrowIfNull(dataLoaders);
        ArgumentNullException.ThrowIfNull(workflow);
        int max = Prepare(dataLoaders, workflow);
        PrepareProcesses(dataLoaders);
        Failures.Watch(() => CallHook(HookStage.BeforeRun));
        if (Count.Done < max && workflow.Any(flow => flow.Mode != "val"))
        {
            StartWatchingParameters();
        }

        WarnIfNothingIsLeft();
        foreach (int iter in Failures.Watch(RunFlows(dataLoaders, workflow, max)))
        {
            yield return iter;
        }

        Parameters.Finish();
        Failures.Watch(() => CallHook(HookStage.AfterRun));
    }

    /// <summary>
    /// Settles with the other processes what is known before the training: refuses one in which they would drift apart or wait for ever, and lets optimizers average
    /// gradients for a model that steps by itself. <see cref="Run"/> does it; for who drives this runner from outside.
    /// </summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <exception cref="InvalidOperationException">The processes cannot train together as they are; the message says what to write. All processes throw it.</exception>
    public void PrepareProcesses(IReadOnlyList<BatchLoader> dataLoaders)
    {
        ArgumentNullException.ThrowIfNull(dataLoaders);
        ProcessCheck.Run(this, dataLoaders);
    }

    /// <summary>Runs the model's step on a batch and takes over what it returned.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="trainMode">Whether this is training.</param>
    protected virtual void RunIter(DataBatch batch, bool trainMode) =>
        TakeOutputs(trainMode ? ((ITrainStep)Model).TrainStep(batch, Optimizer) : ValStep(batch), trainMode);

    /// <summary>Runs the flows again and again, until as much is trained as <paramref name="max"/> says.</summary>
    private protected abstract IEnumerable<int> RunFlows(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, int max);

    /// <summary>Finds what runs a mode, or says that there is no such mode.</summary>
    private protected abstract Delegate MethodOf(string mode);

    /// <summary>Says which option sets the limit that is set in the other unit, or returns <see langword="null"/> if none is.</summary>
    private protected abstract string? LimitOfTheOtherKind(int? trainLength);

    /// <summary>Sets and says what is known before the run.</summary>
    private protected abstract void Announce(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow);

    /// <summary>Tells whether a flow goes on: only training stops when enough is trained, a trailing validation still runs.</summary>
    private protected bool GoesOn(WorkflowStep flow, int times, int max) => times < flow.Epochs && !(flow.Mode == "train" && Count.Done >= max);

    private protected void TrainIter(int innerIter, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();             // every tensor made below ends with this block
        batch.AttachTo(iteration);
        State.BeginIter(innerIter, batch);
        CallHook(HookStage.BeforeTrainIter);
        RunIter(batch, trainMode: true);
        CallHook(HookStage.AfterTrainIter);                           // here the optimizer hook updates the weights
        State.EndIter();
        State.Iter++;                                                 // hooks above still see the old number
        Parameters.EndIter();
    }

    private protected void ValIter(int innerIter, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        State.BeginIter(innerIter, batch);
        CallHook(HookStage.BeforeValIter);
        RunIter(batch, trainMode: false);
        CallHook(HookStage.AfterValIter);
        State.EndIter();
    }

    private protected ArgumentException UnknownMode(string mode) =>
        new($"The workflow has a flow of mode '{mode}'; {GetType().Name} knows 'train' and 'val'. Override ResolveMode to add another.", nameof(mode));

    private StepOutputs ValStep(DataBatch batch) => Model is IValStep model ? model.ValStep(batch, OptimizerOfVal) : throw NoValStep();

    private InvalidOperationException NoValStep() =>
        new($"The workflow has a 'val' flow, but {ModelName} has no validation step. Let it implement {nameof(IValStep)}, or leave the flow out.");

    private int Prepare(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        if (dataLoaders.Count != workflow.Count)
        {
            throw new ArgumentException(
                $"There are {dataLoaders.Count} loaders for {workflow.Count} flows of the workflow. Give one loader for each flow.", nameof(dataLoaders));
        }

        int max = RequireMax(dataLoaders, workflow);
        foreach (WorkflowStep flow in workflow)
        {
            if (NeedsValStep(MethodOf(flow.Mode)) && flow.Epochs > 0 && Model is not IValStep)
            {
                throw NoValStep();
            }
        }

        LegacyLog.Line(Logger, $"Start running, host: {Environment.UserName}@{Environment.MachineName}, work_dir: {WorkDir ?? "NONE"}");
        LegacyLog.Line(Logger, $"Hooks will be executed in the following order:\n{GetHookInfo()}");
        LegacyLog.Line(Logger, $"workflow: [{string.Join(", ", workflow)}], max: {max} {Count.Units}");
        Announce(dataLoaders, workflow);
        return max;
    }

    private int RequireMax(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        (_, int? max, _, string option) = Count;
        int train = workflow.ToList().FindIndex(flow => flow.Mode == "train");
        return max ?? throw new InvalidOperationException(
            LimitOfTheOtherKind(train < 0 ? null : dataLoaders[train].Length) ?? $"{option} is not set. Set it in the runner's options.");
    }

    private void WarnIfNothingIsLeft()
    {
        (int done, int? max, string units, string option) = Count;
        if (done >= max)
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.NothingLeftToTrain,
                $"Nothing is left to train: {done} of {max} {units} are done. To train further, make a runner with a larger {option}.");
        }
    }

    // MMCV validates for ever here. Who advances the run by hand may do so, and end it.
    private void RefuseEndlessRun(IReadOnlyList<WorkflowStep> workflow)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        (int done, int? max, string units, _) = Count;
        if (done < max && workflow.All(flow => flow.Mode == "val" || flow.Epochs < 1))
        {
            throw new ArgumentException(
                $"The workflow is [{string.Join(", ", workflow)}], in which nothing trains: {max} {units} would never be reached. Add a flow ('train', 1).",
                nameof(workflow));
        }
    }

    // Not if a derived runner validates in its own way.
    private bool NeedsValStep(Delegate mode) =>
        mode.Method.Name == "Val"
        && mode.Method.DeclaringType?.Assembly == typeof(WorkflowRunner).Assembly
        && new Action<DataBatch, bool>(RunIter).Method.DeclaringType == typeof(WorkflowRunner);
}
