using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Cuda;

/// <summary>The optimizer hooks on a GPU: the model computes in half precision, the weights stay float32.</summary>
[Trait("Category", "Cuda")]
public sealed class OptimizerHookCudaTests
{
    [CudaFact]
    public void Hooks_without_a_scaler_train_as_on_the_CPU()
    {
        foreach (OptimizerConfig config in new[] { new OptimizerConfig { GradClip = new(1) }, new GradientCumulativeOptimizerConfig { CumulativeIters = 3, GradClip = new(1) } })
        {
            (double gpu, _) = Train(config, DeviceType.CUDA);
            (double cpu, _) = Train(config, DeviceType.CPU);

            GoldenTolerance.IsSameFloat(cpu, gpu).Should().BeTrue();
            gpu.Should().NotBe(0.5);
        }
    }

    [CudaFact]
    public void Hooks_with_a_scaler_train_in_half_precision_and_leave_out_an_overflow()
    {
        LossScale tooLarge = new GradScalerOptions { InitScale = 1e6, BackoffFactor = 1e-3 };
        foreach (OptimizerConfig config in new OptimizerConfig[]
        {
            new Fp16OptimizerConfig { LossScale = tooLarge }, new GradientCumulativeFp16OptimizerConfig { LossScale = tooLarge, CumulativeIters = 3 },
        })
        {
            (double weight, RunnerMeta meta) = Train(config, DeviceType.CUDA);

            weight.Should().NotBe(0.5).And.NotBe(double.NaN);
            GradScalerState.FromPth((PthDict)((PthDict)meta["fp16"])["loss_scaler"]).Scale.Should().BeLessThan(1e5);
        }
    }

    private static (double Weight, RunnerMeta Meta) Train(OptimizerConfig config, DeviceType device)
    {
        using HalfModel model = new(device);
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.05 });
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 8, Meta = [] });
        runner.RegisterOptimizerHook(config);
        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);
        model.Precisions.Should().OnlyContain(dtype => dtype == (config is Fp16OptimizerConfig ? ScalarType.Float16 : ScalarType.Float32));
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float32);
        return (model.Weight, runner.Meta!);
    }

    private sealed class HalfModel : nn.Module, ITrainStep, IFp16Switchable
    {
        private readonly Linear linear = nn.Linear(1, 1, hasBias: false);

        public HalfModel(DeviceType device)
            : base(nameof(HalfModel))
        {
            using (no_grad())
            {
                linear.weight.fill_(0.5);
            }

            RegisterComponents();
            this.to(device);
        }

        public bool Fp16Enabled { get; set; }

        public ScalarType? Fp16Dtype { get; set; }

        public HashSet<ScalarType> Precisions { get; } = [];

        public double Weight
        {
            get
            {
                using DisposeScope scope = NewDisposeScope();
                return linear.weight.detach().cpu().item<float>();
            }
        }

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            ToyBatch batch = (ToyBatch)data;
            Tensor output = Forward(batch.Img.to(linear.weight.device));
            return new() { Loss = (output.to(ScalarType.Float32) - batch.Label.to(output.device)).pow(2).mean(), NumSamples = 1 };
        }

        private Tensor Forward(Tensor img)
        {
            using Fp16Scope half = Fp16.Auto(this, ref img);
            Tensor output = linear.forward(img);
            Precisions.Add(output.dtype);
            return output;
        }
    }
}
