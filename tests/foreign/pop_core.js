// Node's @alicloud/pop-core, unchanged: GET with everything in the query, POST with everything in the form body.
'use strict';

const { RPCClient } = require('@alicloud/pop-core');

const [host, port] = process.argv.slice(2);
const client = (apiVersion) => new RPCClient({
  accessKeyId: 'testid',
  accessKeySecret: 'testsecret',
  endpoint: `http://${host}:${port}`,
  apiVersion,
});
const ecs = client('2014-05-26');
const vpc = client('2016-04-28');
const RegionId = 'cn-hangzhou';
const post = { method: 'POST' };

async function check(name, work) {
  try {
    const result = await work();
    console.log(`ok node pop-core: ${name}`);
    return result;
  } catch (error) {
    console.log(`FAILED node pop-core: ${name}: ${error.message}`);
    return undefined;
  }
}

function same(got, want) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(want)];
  if (left !== right) throw new Error(`got ${left}, want ${right}`);
}

async function waitUntil(what, condition) {
  const end = Date.now() + 60000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`no ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

async function refusal(work) {
  try {
    await work();
  } catch (error) {
    return error.code;
  }
  throw new Error('it was not refused');
}

async function main() {
  const net = await check('a network', async () => {
    const Description = 'a ~*+/=&?%中文 (x)!\'';
    const { VpcId } = await vpc.request('CreateVpc', { RegionId, CidrBlock: '10.0.0.0/8', Description }, post);
    const shown = () => vpc.request('DescribeVpcAttribute', { RegionId, VpcId });
    await waitUntil('VPC', async () => (await shown()).Status === 'Available');
    same((await shown()).Description, Description);
    const { VSwitchId } = await vpc.request(
      'CreateVSwitch',
      { RegionId, VpcId, ZoneId: 'cn-hangzhou-h', CidrBlock: '10.0.0.0/16' },
      post,
    );
    const subnet = () => vpc.request('DescribeVSwitchAttributes', { RegionId, VSwitchId });
    await waitUntil('vSwitch', async () => (await subnet()).Status === 'Available');
    const { SecurityGroupId } = await ecs.request('CreateSecurityGroup', { RegionId, VpcId }, post);
    return { VSwitchId, SecurityGroupId };
  });
  const order = {
    RegionId,
    ImageId: 'aliyun_3_x64_20G_alibase_20240819.vhd',
    InstanceType: 'ecs.g7.large',
    InternetMaxBandwidthOut: 5,
    ...net,
  };
  const create = () => ecs.request('CreateInstance', { ...order, ClientToken: 'node-1' }, post);
  const rows = async (params) => (await ecs.request('DescribeInstances', { RegionId, ...params })).Instances.Instance;
  const made = await check('create an instance', create);
  const InstanceId = made && made.InstanceId;
  const status = async () => {
    const [row] = await rows({ InstanceIds: JSON.stringify([InstanceId]) });
    return row && row.Status;
  };
  await check('the same token gives the same instance', async () => same((await create()).InstanceId, InstanceId));
  await check('poll until it is stopped', () => waitUntil('Stopped', async () => (await status()) === 'Stopped'));
  await check('give it an address', () => ecs.request('AllocatePublicIpAddress', { InstanceId }, post));
  await check('start it', () => ecs.request('StartInstance', { InstanceId }));
  await check('poll until it runs', () => waitUntil('Running', async () => (await status()) === 'Running'));
  await check('tag it and find it by its tag', async () => {
    const Tag = [{ Key: 'a b', Value: '~*+中' }];
    await ecs.request('TagResources', { RegionId, ResourceType: 'instance', ResourceId: [InstanceId], Tag }, post);
    same((await rows({ Tag })).map((row) => row.InstanceId), [InstanceId]);
  });
  await check('stop it', () => ecs.request('StopInstance', { InstanceId }, post));
  await check('poll until it is stopped again', () => waitUntil('Stopped', async () => (await status()) === 'Stopped'));
  await check('delete it', () => ecs.request('DeleteInstance', { InstanceId }));
  await check('poll until it is gone', () => waitUntil('absence', async () => (await status()) === undefined));
  await check('page through 250 instances', async () => {
    for (let index = 0; index < 5; index += 1) {
      await ecs.request('RunInstances', { ...order, Amount: 50 }, post);
    }
    const seen = [];
    for (let PageNumber = 1; PageNumber <= 3; PageNumber += 1) {
      seen.push(...(await rows({ PageNumber, PageSize: 100 })).map((row) => row.InstanceId));
    }
    same([seen.length, new Set(seen).size], [250, 250]);
  });
  await check('101 ids are refused', async () => {
    const InstanceIds = JSON.stringify(Array(101).fill('i-x'));
    same(await refusal(() => rows({ InstanceIds })), 'InvalidParameter');
  });
}

main();
