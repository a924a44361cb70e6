using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Equivalence;

/// <summary>Collects the trace of a training. It reads every value in every iteration, so it is for tests, not for production.</summary>
/// <remarks>
/// Register <see cref="LegacyTraceHook"/> or <see cref="EngineTraceHook"/> with lowest priority. Gradients are observed where wrappers and optimizer hooks
/// announce them (<see cref="IterationProbe"/>); a model that steps by itself announces nothing, and its trace has no such stages. Stages without values
/// are left out.
/// </remarks>
/// <param name="name">Which training it is, for example <c>legacy</c>.</param>
/// <param name="observed">Told about each iteration, for example to show progress; <see langword="null"/>, the default, for nobody.</param>
/// <param name="content">What is kept of tensors. The default is everything.</param>
public sealed class TraceRecorder(string name, Action<IterationTrace>? observed = null, SnapshotContent content = SnapshotContent.Full)
{
    private static readonly Observation[] Always =
        [Observation.Batch, Observation.LearningRate, Observation.Momentum, Observation.Loss, Observation.LogValues, Observation.Weights, Observation.Buffers];

    private readonly List<IterationTrace> iterations = [];
    private readonly List<TraceStage> before = [];
    private readonly List<TraceStage> during = [];
    private Action stopListening = () => { };

    /// <summary>Gets what was observed so far.</summary>
    public TrainingTrace Trace => new(name, [.. iterations]);

    /// <summary>Adds a stage of your own to the present iteration. It stands before weights and buffers.</summary>
    /// <param name="stage">The stage. One that is there already gets a number, for example <c>gradients_2</c>.</param>
    public void Observe(TraceStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        int time = 1;
        while (Always.Contains(stage.Observation.At(time)) || during.Exists(other => other.Observation == stage.Observation.At(time)))
        {
            time++;
        }

        during.Add(stage with { Observation = stage.Observation.At(time) });
    }

    /// <summary>Listens to what happens inside updates, until the next call or <see cref="StopListening"/>.</summary>
    /// <param name="probe">The runner's probe.</param>
    /// <param name="model">The module that gives parameters their names. Borrowed.</param>
    internal void Listen(IterationProbe probe, nn.Module model)
    {
        StopListening();
        void OnGradients(optim.Optimizer optimizer) => ObserveGradients(Observation.Gradients, optimizer, model);
        void OnClipped(optim.Optimizer optimizer) => ObserveGradients(Observation.ClippedGradients, optimizer, model);
        probe.Gradients += OnGradients;
        probe.Clipped += OnClipped;
        stopListening = () =>
        {
            probe.Gradients -= OnGradients;
            probe.Clipped -= OnClipped;
        };
    }

    /// <summary>Listens no longer.</summary>
    internal void StopListening() => stopListening();

    /// <summary>Begins an iteration, when the rates of its update are set.</summary>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="optimizers">The optimizers.</param>
    internal void Begin(DataBatch batch, IReadOnlyList<TracedOptimizer> optimizers)
    {
        during.Clear();
        before.Clear();
        before.Add(new(Observation.Batch, [KeyValuePair.Create("indices", (TraceValue)new TraceIntegers([.. batch.Indices.Select(index => (long)index)]))]));
        before.Add(TraceStage.Of(Observation.LearningRate, optimizers.SelectMany(optimizer => optimizer.Read("lr", group => group.Lr))));
        before.Add(TraceStage.Of(Observation.Momentum, optimizers.SelectMany(optimizer => optimizer.Read("momentum", group => group.Momentum))));
    }

    /// <summary>Ends an iteration.</summary>
    /// <param name="model">The module whose state counts, after the update. Borrowed.</param>
    /// <param name="loss">The loss that was trained on; <see langword="null"/> if there is no single one.</param>
    /// <param name="logVars">What was logged; <see langword="null"/> for nothing.</param>
    internal void End(nn.Module model, LogValue? loss, LogVars? logVars)
    {
        TraceStage[] stages =
        [
            .. before,
            TraceStage.Of(Observation.Loss, loss is { } value ? [KeyValuePair.Create("loss", value.Read())] : []),
            TraceStage.Of(Observation.LogValues, (logVars ?? []).Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Read()))),
            .. during,
            Snapshots(Observation.Weights, model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))),
            Snapshots(Observation.Buffers, model.named_buffers().Select(entry => (entry.name, entry.buffer))),
        ];
        IterationTrace iteration = new(iterations.Count + 1, [.. stages.Where(stage => stage.Values.Count > 0)]);
        iterations.Add(iteration);
        observed?.Invoke(iteration);
    }

    private static IEnumerable<(string Name, Tensor Tensor)> GradientsOf(optim.Optimizer optimizer, nn.Module model)
    {
        Dictionary<Tensor, string> names = new(ReferenceEqualityComparer.Instance);
        foreach ((string parameterName, Parameter parameter) in model.named_parameters())
        {
            names[parameter] = parameterName;
        }

        int index = 0;
        foreach (Parameter parameter in OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters))
        {
            if (parameter.grad is { } gradient)
            {
                yield return (names.GetValueOrDefault(parameter) ?? FormattableString.Invariant($"parameter {index} of the optimizer, not of the model"), gradient);
            }

            index++;
        }
    }

    private void ObserveGradients(Observation observation, optim.Optimizer optimizer, nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        Observe(Snapshots(observation, GradientsOf(optimizer, model)));
    }

    private TraceStage Snapshots(Observation observation, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        TraceStage.Of(observation, tensors.Select(entry => KeyValuePair.Create(entry.Name, TensorSnapshot.Of(entry.Tensor, content))));
}
