using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>A model in front of another one that lets it do everything; a derived one changes what it wants to.</summary>
/// <remarks>
/// Parameters, names, modes and the preprocessor are those of the model behind it. Source: MMEngine's <c>BaseModel</c> wrappers, such as
/// <c>MMDistributedDataParallel</c>.
/// </remarks>
/// <param name="module">The model. Borrowed.</param>
public abstract class ModelWrapper(BaseModel module) : ModuleView(module), IModelWrapper
{
    /// <inheritdoc/>
    public BaseModel Module => module;

    /// <summary>Gets what prepares each batch: that of the model behind this one, so that a training step of one's own prepares as the model does.</summary>
    public override BaseDataPreprocessor DataPreprocessor => module.DataPreprocessor;

    /// <inheritdoc/>
    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => module.TrainStep(data, optimWrapper);

    /// <inheritdoc/>
    public override ValOutputs ValStep(DataBatch data) => module.ValStep(data);

    /// <inheritdoc/>
    public override ValOutputs TestStep(DataBatch data) => module.TestStep(data);

    /// <inheritdoc/>
    public override LossDict Loss(DataBatch data) => module.Loss(data);

    /// <inheritdoc/>
    public override DataBatch Predict(DataBatch data) => module.Predict(data);

    /// <inheritdoc/>
    public override Tensor ForwardTensor(DataBatch data) => module.ForwardTensor(data);

    /// <inheritdoc/>
    public override (Tensor Loss, LogVars LogVars) ParseLosses(LossDict losses) => module.ParseLosses(losses);

    /// <summary>Moves the model behind this one.</summary>
    /// <param name="device">Where the model shall live.</param>
    public override void MoveTo(Device device) => module.MoveTo(device);
}
