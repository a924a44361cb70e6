using Comparing;
using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Digits.Models;

/// <summary>The old model: its training step returns loss, num_samples and log_vars.</summary>
internal sealed class LegacyDigitsModel : nn.Module, ITrainStep, IFp16Switchable
{
    private readonly Conv2d conv1 = nn.Conv2d(1, 16, 3, padding: 1);
    private readonly BatchNorm2d bn1 = nn.BatchNorm2d(16);
    private readonly Conv2d conv2 = nn.Conv2d(16, 32, 3, padding: 1);
    private readonly BatchNorm2d bn2 = nn.BatchNorm2d(32);
    private readonly Linear fc = nn.Linear(128, 10);

    public LegacyDigitsModel()
        : base(nameof(LegacyDigitsModel)) => RegisterComponents();

    public bool Fp16Enabled { get; set; }

    public ScalarType? Fp16Dtype { get; set; }

    public Tensor Scores(Tensor image)
    {
        Tensor small = max_pool2d(relu(bn1.forward(conv1.forward(image))), 2);
        Tensor smaller = max_pool2d(relu(bn2.forward(conv2.forward(small))), 2);
        return fc.forward(smaller.flatten(1));
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        using Fp16Scope half = Fp16.Auto(this);                       // MMCV's @auto_fp16(); without an fp16 hook it does nothing
        DigitsBatch batch = (DigitsBatch)data.To(fc.weight.device);
        Tensor scores = Scores(batch.Image);
        Tensor loss = cross_entropy(scores, batch.Label);
        Tensor accuracy = scores.detach().argmax(1).eq(batch.Label).to(ScalarType.Float32).mean();
        return new()
        {
            Loss = loss,
            NumSamples = (int)batch.Label.shape[0],
            LogVars = new LogVars { ["loss"] = loss, ["loss_cls"] = loss, ["accuracy"] = accuracy },
        };
    }
}
