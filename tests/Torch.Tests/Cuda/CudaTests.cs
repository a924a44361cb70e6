using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Cuda;

/// <summary>What depends on the device, on CUDA.</summary>
[Trait("Category", "Cuda")]
public sealed class CudaTests
{
    [CudaFact]
    public void A_batch_moves_to_the_device_and_stays_there()
    {
        using DisposeScope scope = NewDisposeScope();
        DataBatch batch = new ToyBatch(ones(2, 1), ones(2, 1));

        DataBatch moved = batch.To(CUDA);

        moved.Tensors.Should().OnlyContain(tensor => tensor.device_type == DeviceType.CUDA);
        moved.To(CUDA).Should().BeSameAs(moved);
    }

    [CudaFact]
    public void Pending_values_of_both_devices_are_read_together()
    {
        using DisposeScope scope = NewDisposeScope();
        using PendingScalars pending = new();
        Values values = new();
        pending.Add(tensor(1.5f, device: CUDA), values, 0);
        pending.Add(tensor(2.5), values, 1);
        pending.Add(tensor(3, device: CUDA), values, 2);

        pending.Flush();

        values.Read.Should().Equal(1.5, 2.5, 3);
    }

    [CudaFact]
    public void Fused_optimizers_give_the_weights_that_they_give_on_the_CPU()
    {
        foreach (Func<Parameter[], FusedOptimizer> make in new Func<Parameter[], FusedOptimizer>[]
        {
            parameters => new FusedSgd(parameters, new() { Lr = 0.1, Momentum = 0.9 }),
            parameters => new FusedAdam(parameters, new() { Lr = 0.01 }),
            parameters => new FusedAdamW(parameters, new() { Lr = 0.01 }),
            parameters => new FusedAdagrad(parameters),
            parameters => new FusedRmsProp(parameters),
        })
        {
            using DisposeScope scope = NewDisposeScope();
            // Kernels of two devices round differently.
            (Train(make, CPU) - Train(make, CUDA).cpu()).abs().max().item<float>().Should().BeLessThan(1e-4f);
        }
    }

    [CudaFact]
    public void Half_precision_trains_with_autocast_and_a_scaler_and_an_overflow_is_left_out()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear linear = nn.Linear(4, 1).to(CUDA);
        using FusedSgd optimizer = new(linear.parameters(), new() { Lr = 0.01 });
        using GradScaler scaler = new(new() { InitScale = 1e8 });
        List<double> scales = [];
        for (int i = 0; i < 20; i++)
        {
            using DisposeScope iteration = NewDisposeScope();
            Tensor loss;
            using (new Autocast(DeviceType.CUDA, ScalarType.Float16))
            {
                Tensor scores = linear.forward(ones([8, 4], device: CUDA));
                scores.dtype.Should().Be(ScalarType.Float16);
                loss = nn.functional.mse_loss(scores, zeros([8, 1], device: CUDA));
            }

            scaler.Scale(loss).backward();
            scaler.Step(optimizer);
            scaler.Update();
            optimizer.zero_grad();
            scales.Add(scaler.GetScale());
        }

        scales[0].Should().BeLessThan(1e8, "a scale of 1e8 overflows in half precision");
        linear.weight.isfinite().all().item<bool>().Should().BeTrue();
    }

    [CudaFact]
    public void The_state_of_optimizers_goes_to_the_device_and_back_through_a_file()
    {
        foreach (Func<Parameter[], optim.Optimizer> make in new Func<Parameter[], optim.Optimizer>[]
        {
            parameters => new FusedAdamW(parameters, new() { Lr = 0.01 }),
            parameters => optim.NAdam(parameters, 0.01),
        })
        {
            using DisposeScope scope = NewDisposeScope();
            using TemporaryFolder folder = new();
            Parameter there = new(linspace(-1, 1, 12, device: CUDA));
            using optim.Optimizer first = make([there]);
            Step(first, there, 0, 5);
            PthFile.Write(folder.File("o.pth"), first.SaveState());
            Parameter again = new(there.detach().clone());
            using optim.Optimizer second = make([again]);
            Parameter here = new(there.detach().cpu());
            using optim.Optimizer third = make([here]);
            using (PthFile file = PthFile.Read(folder.File("o.pth")))
            {
                second.LoadState((PthDict)file.Root);
                third.LoadState((PthDict)file.Root);
            }

            Step(first, there, 5, 10);
            Step(second, again, 5, 10);
            Step(third, here, 5, 10);

            again.ToArray().Should().Equal(there.ToArray());
            // Kernels of two devices round differently.
            (here.detach() - there.detach().cpu()).abs().max().item<float>().Should().BeLessThan(1e-5f);
        }
    }

    [CudaFact]
    public void Pinned_batches_of_workers_are_copied_without_waiting()
    {
        using BatchLoader loader = new(new Data.NumberDataset(64), new() { BatchSize = 8, NumWorkers = 2, PinMemory = true });
        List<double> sums = [];
        foreach (DataBatch batch in loader)
        {
            using DisposeScope iteration = NewDisposeScope();
            batch.AttachTo(iteration);
            batch.Tensors.Should().OnlyContain(tensor => tensor.is_pinned());
            sums.Add(batch.To(CUDA, nonBlocking: true).Tensors[0].sum().item<float>());
        }

        sums.Should().Equal(Enumerable.Range(0, 8).Select(i => Enumerable.Range(8 * i, 8).Sum(sample => (double)sample)));
    }

    [CudaFact]
    public void The_random_state_of_the_device_is_restored_exactly_also_from_a_file()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        _ = rand(3, device: CUDA);
        using RandomState state = RandomState.Capture();
        PthFile.Write(folder.File("random.pth"), state.ToPth());
        float[] first = rand(4, device: CUDA).cpu().data<float>().ToArray();
        float[] next = rand(4, device: CUDA).cpu().data<float>().ToArray();

        state.Restore();
        rand(4, device: CUDA).cpu().data<float>().ToArray().Should().Equal(first);
        TorchSeed.Set(1);
        using PthFile file = PthFile.Read(folder.File("random.pth"));
        using RandomState read = RandomState.FromPth((PthDict)file.Root);
        read.Restore();

        rand(4, device: CUDA).cpu().data<float>().ToArray().Should().Equal(first);
        next.Should().NotEqual(first);
        state.CudaDevices.Should().Be(cuda.device_count());
    }

    [CudaFact]
    public void Deterministic_sums_give_the_same_bits_again_and_again()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor places = randint(10, [100_000], device: CUDA);
        Tensor values = randn([100_000], device: CUDA);
        try
        {
            DeterministicAlgorithms.Set(true);
            float[] first = zeros([10], device: CUDA).index_add_(0, places, values, 1).cpu().data<float>().ToArray();
            for (int i = 0; i < 10; i++)
            {
                zeros([10], device: CUDA).index_add_(0, places, values, 1).cpu().data<float>().ToArray().Should().Equal(first);
            }
        }
        finally
        {
            DeterministicAlgorithms.Set(false);
        }
    }

    private static Tensor Train(Func<Parameter[], FusedOptimizer> make, Device device)
    {
        Parameter weight = new(linspace(-1, 1, 12, device: device).reshape(3, 4));
        using FusedOptimizer optimizer = make([weight]);
        Step(optimizer, weight, 0, 20);
        return weight.detach();
    }

    private static void Step(optim.Optimizer optimizer, Parameter weight, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            weight.grad = (weight.detach() * (i + 1)).sin();
            optimizer.step();
        }
    }

    private sealed class Values : IScalarSink
    {
        public double[] Read { get; } = new double[3];

        public void Resolve(int slot, double value) => Read[slot] = value;
    }
}
