using Compat.Engine.Evaluation;
using Compat.Engine.Logging;
using Compat.Engine.Model;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Loops;

/// <summary>The losses of one evaluation: each is averaged over the batches that returned it, whatever their size, unless a batch says how much it weighs.</summary>
/// <remarks>Source: MMEngine's <c>_update_losses</c> and <c>_parse_losses</c>.</remarks>
/// <param name="pending">Where the values wait until the pass is over. Borrowed.</param>
internal sealed class EvaluationLosses(PendingScalars pending)
{
    private readonly OrderedDictionary<string, HistoryBuffer> histories = [];

    public void Clear() => histories.Clear();

    /// <summary>Takes in the losses of one batch. Nothing waits for the device.</summary>
    /// <exception cref="ArgumentException">A loss has more or less than one element.</exception>
    public void Add(string model, LossDict losses, int? numSamples)
    {
        foreach ((string name, IReadOnlyList<Tensor> tensors) in losses)
        {
            if (!histories.TryGetValue(name, out HistoryBuffer? history))
            {
                history = new HistoryBuffer(pending);
                histories.Add(name, history);
            }

            foreach (Tensor tensor in tensors)
            {
                CheckSize(model, name, tensor);
                history.Update(tensor, weight: numSamples);                            // a list adds one entry for each of its tensors, as there
            }
        }
    }

    /// <summary>Adds the averages to the metrics, and their sum. A metric of the same name is replaced in its place, as in MMEngine.</summary>
    /// <param name="metrics">The metrics.</param>
    /// <param name="stage">What the name of the sum starts with: <c>val</c> gives <c>val_loss</c>.</param>
    public void AddTo(OrderedDictionary<string, MetricValue> metrics, string stage)
    {
        if (histories.Count == 0)
        {
            return;
        }

        double sum = 0;
        foreach ((string name, HistoryBuffer history) in histories)
        {
            double mean = history.Mean();
            metrics[name] = mean;
            sum += name.Contains("loss", StringComparison.Ordinal) ? mean : 0;
        }

        metrics[$"{stage}_loss"] = sum;
    }

    private static void CheckSize(string model, string name, Tensor tensor)
    {
        if (tensor.numel() != 1)
        {
            throw new ArgumentException(
                $"{model} returned the loss '{name}' of shape [{string.Join(", ", tensor.shape)}] when it was evaluated; there it has one element. "
                + "Reduce it, for example with .mean().");
        }
    }
}
