using Comparing;
using Compat.Engine.Model;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Digits.Models;

/// <summary>The same model ported: it names its losses, and the engine adds them up, updates the weights and logs.</summary>
internal sealed class EngineDigitsModel : BaseModel<DigitsBatch>
{
    private readonly Conv2d conv1 = nn.Conv2d(1, 16, 3, padding: 1);
    private readonly BatchNorm2d bn1 = nn.BatchNorm2d(16);
    private readonly Conv2d conv2 = nn.Conv2d(16, 32, 3, padding: 1);
    private readonly BatchNorm2d bn2 = nn.BatchNorm2d(32);
    private readonly Linear fc = nn.Linear(128, 10);

    public EngineDigitsModel() => RegisterComponents();

    protected override LossDict Loss(DigitsBatch batch)
    {
        Tensor scores = ForwardTensor(batch);
        Tensor accuracy = scores.detach().argmax(1).eq(batch.Label).to(ScalarType.Float32).mean();
        return new LossDict { ["loss_cls"] = cross_entropy(scores, batch.Label), ["accuracy"] = accuracy };
    }

    protected override DataBatch Predict(DigitsBatch batch) => new DigitsPrediction(ForwardTensor(batch));

    protected override Tensor ForwardTensor(DigitsBatch batch)
    {
        Tensor small = max_pool2d(relu(bn1.forward(conv1.forward(batch.Image))), 2);
        Tensor smaller = max_pool2d(relu(bn2.forward(conv2.forward(small))), 2);
        return fc.forward(smaller.flatten(1));
    }
}
