using System.Diagnostics.CodeAnalysis;
using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Engine.Model;

/// <summary>What a validation or test step returns: predictions for the metrics, losses to be averaged, or both.</summary>
/// <remarks>
/// Predictions alone and losses alone convert by themselves. Losses take the place of MMEngine's last sample whose only field is <c>loss</c>.
/// </remarks>
/// <example><code>
/// public override ValOutputs ValStep(DataBatch data)
/// {
///     DataBatch batch = DataPreprocessor.Process(data, training: false);
///     return new(Predict(batch), Loss(batch));
/// }
/// </code></example>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed class ValOutputs
{
    /// <summary>Returns predictions alone.</summary>
    /// <param name="predictions">The predictions; fresh.</param>
    public ValOutputs(DataBatch predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        Predictions = predictions;
    }

    /// <summary>Returns losses alone.</summary>
    /// <param name="losses">The losses, each of one element; fresh.</param>
    public ValOutputs(LossDict losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        Losses = losses;
    }

    /// <summary>Returns both.</summary>
    /// <param name="predictions">The predictions; fresh.</param>
    /// <param name="losses">The losses, each of one element; fresh.</param>
    public ValOutputs(DataBatch predictions, LossDict losses)
        : this(predictions)
    {
        ArgumentNullException.ThrowIfNull(losses);
        Losses = losses;
    }

    /// <summary>Gets the predictions, a batch or a list of samples.</summary>
    /// <value><see langword="null"/> if the step returned losses alone.</value>
    public DataBatch? Predictions { get; }

    /// <summary>Gets the losses.</summary>
    /// <value><see langword="null"/> if the step returned predictions alone.</value>
    public LossDict? Losses { get; }

    /// <summary>Gets how many samples the losses stand for: their weight when the batches are averaged.</summary>
    /// <value>At least 1. The default is <see langword="null"/>: all batches weigh the same, as in MMEngine, whatever their size.</value>
    public int? NumSamples { get; init; }

    // Null stays null, so that the loop can refuse it with the model's name.

    /// <summary>Returns predictions alone.</summary>
    /// <param name="predictions">The predictions.</param>
    [return: NotNullIfNotNull(nameof(predictions))]
    public static implicit operator ValOutputs?(DataBatch? predictions) => predictions is null ? null : new(predictions);

    /// <summary>Returns losses alone.</summary>
    /// <param name="losses">The losses.</param>
    [return: NotNullIfNotNull(nameof(losses))]
    public static implicit operator ValOutputs?(LossDict? losses) => losses is null ? null : new(losses);

    /// <summary>Returns predictions alone.</summary>
    /// <param name="predictions">The predictions.</param>
    /// <returns>The outputs.</returns>
    public static ValOutputs FromDataBatch(DataBatch predictions) => new(predictions);

    /// <summary>Returns losses alone.</summary>
    /// <param name="losses">The losses.</param>
    /// <returns>The outputs.</returns>
    public static ValOutputs FromLossDict(LossDict losses) => new(losses);
}
