using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Equivalence;

/// <summary>Collects the trace of a training. It reads every value in every iteration, so it is for tests, not for production.</summary>
/// <remarks>Register <see cref="LegacyTraceHook"/> or <see cref="EngineTraceHook"/> with lowest priority.</remarks>
/// <param name="name">Which training it is, for example <c>legacy</c>.</param>
/// <param name="observed">Told about each iteration, for example to show progress; <see langword="null"/>, the default, for nobody.</param>
public sealed class TraceRecorder(string name, Action<IterationTrace>? observed = null)
{
    private readonly List<IterationTrace> iterations = [];
    private double learningRate;

    /// <summary>Gets what was observed so far.</summary>
    public TrainingTrace Trace => new(name, [.. iterations]);

    /// <summary>Notes the learning rate with which the weights will be updated.</summary>
    /// <param name="learningRate">The learning rate of the first group.</param>
    internal void Begin(double learningRate) => this.learningRate = learningRate;

    /// <summary>Notes everything else.</summary>
    /// <param name="model">The model after the update. Borrowed.</param>
    /// <param name="batch">The batch. Borrowed.</param>
    /// <param name="loss">The loss that was trained on.</param>
    /// <param name="logVars">What was logged.</param>
    internal void End(nn.Module model, DataBatch batch, LogValue loss, LogVars logVars)
    {
        IterationTrace iteration = new()
        {
            Iteration = iterations.Count + 1,
            BatchIndices = batch.Indices,
            LearningRate = learningRate,
            Loss = loss.Read(),
            LogValues = [.. logVars.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Read()))],
            Weights = [.. model.named_parameters().Select(entry => KeyValuePair.Create(entry.name, TensorSnapshot.Of(entry.parameter)))],
            Buffers = [.. model.named_buffers().Select(entry => KeyValuePair.Create(entry.name, TensorSnapshot.Of(entry.buffer)))],
        };
        iterations.Add(iteration);
        observed?.Invoke(iteration);
    }
}
