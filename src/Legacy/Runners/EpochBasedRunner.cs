using Compat.Torch.Data;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>Trains epoch by epoch, as a workflow says. Weights are updated by a hook, not by the runner.</summary>
/// <remarks>Source: MMCV <c>EpochBasedRunner</c>, without its pauses, which protect Python's worker processes.</remarks>
public class EpochBasedRunner : BaseRunner
{
    /// <summary>Makes a runner without hooks.</summary>
    /// <param name="model">The model; it has a training step (<see cref="ITrainStep"/>). Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">The model has no training step, or both limits are set.</exception>
    public EpochBasedRunner(nn.Module model, RunnerOptions options)
        : base(model, options)
    {
        if (model is not ITrainStep)
        {
            throw new ArgumentException(
                $"{ModelName} has no training step. Let it implement {nameof(ITrainStep)}, whose TrainStep returns loss, num_samples and log_vars.",
                nameof(model));
        }
    }

    /// <summary>Runs a workflow until <see cref="BaseRunner.MaxEpochs"/> epochs are trained.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows, for example <c>[("train", 2), ("val", 1)]</c>, repeated as often as needed.</param>
    /// <exception cref="ArgumentException">
    /// There are not as many loaders as flows, a flow has an unknown mode, or none trains, so that the run would never end (in MMCV it does not).
    /// </exception>
    /// <exception cref="InvalidOperationException">MaxEpochs is not set, or a flow validates and the model has no validation step.</exception>
    public void Run(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        foreach (int _ in RunIterations(dataLoaders, workflow))
        {
        }
    }

    /// <summary>Runs a workflow, one iteration at each step of the enumeration, so that several runners can be advanced in turn.</summary>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows.</param>
    /// <returns>The number of finished training iterations, after each iteration of either kind.</returns>
    /// <remarks><see cref="Run"/> drains it: a derived runner that runs elsewhere overrides this method alone.</remarks>
    /// <inheritdoc cref="Run" path="/exception"/>
    public virtual IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        ArgumentNullException.ThrowIfNull(dataLoaders);
        ArgumentNullException.ThrowIfNull(workflow);
        int maxEpochs = Prepare(dataLoaders, workflow);
        Failures.Watch(() => CallHook(HookStage.BeforeRun));
        if (Epoch < maxEpochs)
        {
            StartWatchingParameters();
        }

        WarnIfNothingIsLeft();
        while (Epoch < maxEpochs)
        {
            foreach ((WorkflowStep flow, BatchLoader loader) in workflow.Zip(dataLoaders))
            {
                // Only training stops when enough is trained: a trailing validation still runs.
                for (int i = 0; i < flow.Epochs && !(flow.Mode == "train" && Epoch >= maxEpochs); i++)
                {
                    foreach (int iter in Failures.Watch(ResolveMode(flow.Mode)(loader)))
                    {
                        yield return iter;
                    }
                }
            }
        }

        Parameters.Finish();
        Failures.Watch(() => CallHook(HookStage.AfterRun));
    }

    /// <summary>Says in the log that every epoch will have the order of the first one, if a sampler shuffles and no hook tells it the epoch.</summary>
    /// <remarks>The runner does it itself, before the hooks before the run; the method is public for who drives the runner from outside.</remarks>
    /// <param name="dataLoaders">The loader of each flow.</param>
    /// <param name="workflow">The flows.</param>
    public void WarnIfOrderRepeats(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        if (MaxEpochs - Epoch > 1 && workflow.Zip(dataLoaders).Any(pair => pair.First.Mode == "train" && RepeatsItsOrder(pair.Second)))
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.RepeatedOrder,
                "The sampler of the 'train' flow shuffles, but nobody tells it the epoch: every epoch repeats the order of the first one, as in MMCV. "
                + $"Register a {nameof(DistSamplerSeedHook)} for a new order in each epoch.");
        }
    }

    /// <summary>Trains one epoch.</summary>
    /// <param name="dataLoader">The batches.</param>
    /// <returns>The number of finished iterations, after each one.</returns>
    protected virtual IEnumerable<int> Train(BatchLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.train();
        State.Mode = "train";
        State.DataLoader = dataLoader;
        State.MaxIters = MaxEpochs * dataLoader.Length;
        CallHook(HookStage.BeforeTrainEpoch);
        int position = 0;
        foreach (DataBatch batch in dataLoader)
        {
            TrainIter(position++, batch);
            yield return Iter;
        }

        CallHook(HookStage.AfterTrainEpoch);
        LogBuffer.Flush();                                            // a loss that nobody looked at is found here at the latest
        State.Epoch++;
    }

    /// <summary>Validates one pass: runs the model's validation step without gradients. It counts neither iterations nor epochs.</summary>
    /// <param name="dataLoader">The batches.</param>
    /// <returns>The number of finished training iterations, after each iteration.</returns>
    protected virtual IEnumerable<int> Val(BatchLoader dataLoader)
    {
        ArgumentNullException.ThrowIfNull(dataLoader);
        Model.eval();
        State.Mode = "val";
        State.DataLoader = dataLoader;
        CallHook(HookStage.BeforeValEpoch);
        int position = 0;
        foreach (DataBatch batch in dataLoader)
        {
            ValIter(position++, batch);
            yield return Iter;
        }

        CallHook(HookStage.AfterValEpoch);
    }

    /// <summary>Finds what runs an epoch of a mode. Override it to add a mode.</summary>
    /// <param name="mode">The mode of a flow.</param>
    /// <returns>What runs one epoch.</returns>
    /// <exception cref="ArgumentException">There is no such mode.</exception>
    protected virtual Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => mode switch
    {
        "train" => Train,
        "val" => Val,
        _ => throw new ArgumentException(
            $"The workflow has a flow of mode '{mode}'; {GetType().Name} knows 'train' and 'val'. Override ResolveMode to add another.", nameof(mode)),
    };

    /// <summary>Runs the model's step on a batch and takes over what it returned.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="trainMode">Whether this is training.</param>
    protected virtual void RunIter(DataBatch batch, bool trainMode) =>
        TakeOutputs(trainMode ? ((ITrainStep)Model).TrainStep(batch, Optimizer) : ValStep(batch), trainMode);

    private void TrainIter(int position, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();             // every tensor made below ends with this block
        batch.AttachTo(iteration);
        State.BeginIter(position, batch);
        CallHook(HookStage.BeforeTrainIter);
        RunIter(batch, trainMode: true);
        CallHook(HookStage.AfterTrainIter);                           // here the optimizer hook updates the weights
        State.EndIter();
        State.Iter++;                                                 // hooks above still see the old number
        Parameters.EndIter();
    }

    private void ValIter(int position, DataBatch batch)
    {
        using DisposeScope iteration = NewDisposeScope();
        using IDisposable guard = no_grad();
        batch.AttachTo(iteration);
        State.BeginIter(position, batch);
        CallHook(HookStage.BeforeValIter);
        RunIter(batch, trainMode: false);
        CallHook(HookStage.AfterValIter);
        State.EndIter();
    }

    private StepOutputs ValStep(DataBatch batch) => Model is IValStep model ? model.ValStep(batch, Optimizer) : throw NoValStep();

    private InvalidOperationException NoValStep() =>
        new($"The workflow has a 'val' flow, but {ModelName} has no validation step. Let it implement {nameof(IValStep)}, or leave the flow out.");

    private int Prepare(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
    {
        if (dataLoaders.Count != workflow.Count)
        {
            throw new ArgumentException(
                $"There are {dataLoaders.Count} loaders for {workflow.Count} flows of the workflow. Give one loader for each flow.", nameof(dataLoaders));
        }

        int train = workflow.ToList().FindIndex(flow => flow.Mode == "train");
        int maxEpochs = MaxEpochs ?? throw NoMaxEpochs(train < 0 ? null : dataLoaders[train].Length);
        foreach (WorkflowStep flow in workflow)
        {
            if (NeedsValStep(ResolveMode(flow.Mode)) && flow.Epochs > 0 && Model is not IValStep)
            {
                throw NoValStep();
            }
        }

        if (Epoch < maxEpochs && !workflow.Any(flow => flow.Mode != "val" && flow.Epochs > 0))
        {
            throw new ArgumentException(
                $"The workflow is [{string.Join(", ", workflow)}], which trains nothing: {maxEpochs} epochs would never be done. Give it a 'train' flow of at "
                + "least 1 epoch.",
                nameof(workflow));
        }

        // Hooks read the number of iterations before the first epoch.
        State.MaxIters = train < 0 ? MaxIters : maxEpochs * dataLoaders[train].Length;
        LegacyLog.Line(Logger, $"Start running, host: {Environment.UserName}@{Environment.MachineName}, work_dir: {WorkDir ?? "NONE"}");
        LegacyLog.Line(Logger, $"Hooks will be executed in the following order:\n{GetHookInfo()}");
        LegacyLog.Line(Logger, $"workflow: [{string.Join(", ", workflow)}], max: {maxEpochs} epochs");
        WarnIfOrderRepeats(dataLoaders, workflow);
        return maxEpochs;
    }

    private void WarnIfNothingIsLeft()
    {
        if (Epoch >= MaxEpochs)
        {
            CompatEvents.Write(
                Logger,
                LogLevel.Warning,
                CompatEvents.NothingLeftToTrain,
                $"Nothing is left to train: {Epoch} of {MaxEpochs} epochs are done. To train further, make a runner with a larger MaxEpochs.");
        }
    }

    private InvalidOperationException NoMaxEpochs(int? trainLength)
    {
        if (MaxIters is not { } iters)
        {
            return new("MaxEpochs is not set. Set it in the runner's options.");
        }

        string hint = trainLength is { } length ? $": {iters} iterations are {(iters + length - 1) / length} epochs of {length} batches." : ".";
        return new($"MaxIters is {iters}, but {GetType().Name} counts epochs. Set MaxEpochs in the runner's options instead{hint}");
    }

    // Not if a derived runner validates in its own way.
    private bool NeedsValStep(Func<BatchLoader, IEnumerable<int>> epoch) =>
        epoch.Method.Name == nameof(Val)
        && epoch.Method.DeclaringType == typeof(EpochBasedRunner)
        && new Action<DataBatch, bool>(RunIter).Method.DeclaringType == typeof(EpochBasedRunner);

    private bool RepeatsItsOrder(BatchLoader loader) => loader.Sampler is DefaultSampler { IsShuffled: true } && !Hooks.Any(hook => hook is DistSamplerSeedHook);
}
